//! Several processes on one vault.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::folder::{Folder, json};

#[test]
fn writers_exclude_each_other_and_none_is_lost() {
    let folder = Folder::with_generations(1);
    let exits: Vec<i32> = std::thread::scope(|scope| {
        let add = |index: usize| {
            let folder = &folder;
            move || {
                let (name, index) = (format!("account-{index}"), index.to_string());
                folder
                    .exit(&[
                        "account", "add", "--name", &name, "--script", "segwit", "--index", &index,
                    ])
                    .0
            }
        };
        let writers: Vec<_> = (0..6).map(|index| scope.spawn(add(index))).collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    });
    assert!(exits.iter().all(|exit| [0, 9].contains(exit)), "{exits:?}");
    let done = exits.iter().filter(|exit| **exit == 0).count();
    assert!(done >= 1, "{exits:?}");
    let report = json(folder.run_well(&["verify"]).as_bytes());
    assert_eq!(
        report["files"][0]["generation"],
        1 + done,
        "each success is a generation of its own: {report}"
    );
    let accounts = folder.run_well(&["account", "list"]);
    for (index, exit) in exits.iter().enumerate() {
        assert_eq!(
            accounts.contains(&format!("account-{index}\"")),
            *exit == 0,
            "{index}: {accounts}"
        );
    }
}

#[test]
fn readers_never_meet_half_a_write() {
    let folder = Folder::with_generations(1);
    let done = AtomicBool::new(false);
    let reads = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) {
                folder.run_well(&["verify"]);
                reads += 1;
            }
            reads
        });
        for index in 0..6 {
            let (name, index) = (format!("account-{index}"), index.to_string());
            folder.run_well(&[
                "account", "add", "--name", &name, "--script", "segwit", "--index", &index,
            ]);
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    println!("{reads} reads beside 6 writes");
    assert!(reads > 6);
}
