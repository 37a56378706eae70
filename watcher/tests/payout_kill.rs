//! A process killed at any moment leaves all of its work, or nothing.

mod desk;

use std::time::{Duration, Instant};

use desk::Desk;

/// How often each command is killed, at moments spread over the time that it takes.
const KILLS: u32 = 24;

/// Runs a command and kills it after a part of the time that it takes.
fn kill(desk: &Desk, arguments: &[&str], after: Duration) {
    let mut child = desk
        .command(arguments)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    let _ = child.kill();
    child.wait().unwrap();
}

/// From at once, which is before anything was done whatever the machine does beside, to the time
/// that the whole was measured to take.
fn moments(whole: Duration) -> impl Iterator<Item = (u32, Duration)> {
    (0..KILLS).map(move |number| (number, whole * number / (KILLS - 1)))
}

#[test]
fn create_is_all_or_nothing() {
    let desk = Desk::funded(40);
    let started = Instant::now();
    let first = desk.create(&desk.list("timed", 300, 10_000));
    let whole = started.elapsed();
    desk.ok(&["payout", "cancel", first["id"].as_str().unwrap()]);
    let (mut stored, mut nothing) = (0, 0);
    for (number, after) in moments(whole) {
        let list = desk.list(&format!("k{number}"), 300, 10_000);
        kill(
            &desk,
            &[
                "payout",
                "create",
                &list,
                "--wallet",
                "main",
                "--fee-rate",
                "2",
                "--accept",
                "payment-open",
            ],
            after,
        );
        let lists = desk.ok(&["payout", "list"])["payouts"].clone();
        let live: Vec<_> = lists
            .as_array()
            .unwrap()
            .iter()
            .filter(|list| list["state"] != "cancelled")
            .collect();
        match live.as_slice() {
            [] => {
                nothing += 1;
                assert_eq!(desk.balance("locked"), 0, "coins are reserved for nothing");
            }
            [one] => {
                stored += 1;
                let document = desk.ok(&["payout", "show", one["id"].as_str().unwrap()]);
                assert_eq!(document["payments"].as_array().unwrap().len(), 300);
                assert_eq!(document["totals"]["inputs_sat"], desk.balance("locked"));
                desk.ok(&["payout", "cancel", one["id"].as_str().unwrap()]);
            }
            more => panic!("{} lists", more.len()),
        }
    }
    println!("killed {KILLS} times: {stored} lists whole, {nothing} not there");
    assert!(nothing > 0, "no kill came early enough to prove anything");
}

#[test]
fn export_is_all_or_nothing() {
    let desk = Desk::funded(40);
    let id = desk.ok(&[
        "payout",
        "create",
        &desk.list("a", 80, 10_000),
        "--wallet",
        "main",
        "--fee-rate",
        "2",
        "--max-weight",
        "4000",
    ])["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let started = Instant::now();
    let files = desk.ok(&["payout", "export", &id, "--out", &desk.text("whole")])["files"].clone();
    let whole = started.elapsed();
    let count = files.as_array().unwrap().len();
    assert!(count > 1);
    for (number, after) in moments(whole) {
        let out = desk.path(&format!("out{number}"));
        kill(
            &desk,
            &["payout", "export", &id, "--out", &out.display().to_string()],
            after,
        );
        if out.exists() {
            assert_eq!(
                std::fs::read_dir(&out).unwrap().count(),
                count,
                "half of an export"
            );
        }
        desk.ok(&["payout", "export", &id, "--out", &out.display().to_string()]);
        for file in std::fs::read_dir(&out).unwrap() {
            let file = file.unwrap();
            let expected = std::fs::read(desk.path("whole").join(file.file_name())).unwrap();
            assert_eq!(std::fs::read(file.path()).unwrap(), expected);
        }
    }
}

#[test]
fn a_file_that_exists_was_noted_as_handed_over() {
    let desk = Desk::funded(KILLS + 1);
    let create = |number: u32| {
        desk.create(&desk.list(&format!("n{number}"), 1, 10_000))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = create(KILLS);
    let started = Instant::now();
    desk.ok(&["payout", "export", &first, "--out", &desk.text("first")]);
    let whole = started.elapsed();
    let (mut written, mut nothing) = (0, 0);
    for (number, after) in moments(whole) {
        let id = create(number);
        let out = desk.path(&format!("n{number}.psbt"));
        kill(
            &desk,
            &["payout", "export", &id, "--out", &out.display().to_string()],
            after,
        );
        let state = desk.ok(&["payout", "show", &id])["state"].clone();
        match out.exists() {
            true => {
                written += 1;
                assert_eq!(
                    state, "exported",
                    "a file somebody may sign belongs to a list that is freely cancelled"
                );
            }
            false => nothing += 1,
        }
    }
    println!("killed {KILLS} times: {written} files written, {nothing} not");
    assert!(nothing > 0, "no kill came early enough to prove anything");
}
