//! Nothing is paid twice in silence: by a copy of the data folder, by a reorganisation, or by
//! another list.

mod desk;

use std::path::Path;

use desk::{Desk, RECIPIENTS};
use serde_json::Value;

const CHAIN: [&str; 3] = [
    "rehearsal.sqlite",
    "rehearsal.sqlite-wal",
    "rehearsal.sqlite-shm",
];

/// Returns a desk with a copy of another's data folder, as of now.
fn copy_of(desk: &Desk) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    for entry in std::fs::read_dir(desk.path("data")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), data.join(entry.file_name())).unwrap();
    }
    Desk {
        folder,
        master: desk.master,
        node: None,
    }
}

/// Has `desk` see the chain and the memory pool of `other`.
fn see(desk: &Desk, other: &Desk) {
    for file in CHAIN {
        let _ = std::fs::remove_file(desk.path("data").join(file));
        let _ = std::fs::copy(other.path("data").join(file), desk.path("data").join(file));
    }
    desk.sync();
}

fn list(desk: &Desk, name: &str, rows: &[(&str, &str, u64)]) -> String {
    let mut text = String::from("payout_id,address,amount,unit\n");
    for (id, address, satoshi) in rows {
        text.push_str(&format!("{id},{address},{satoshi},sat\n"));
    }
    desk.write(name, text.as_bytes());
    desk.text(name)
}

fn order<'a>(command: &'a str, file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "payout",
        command,
        file,
        "--wallet",
        "main",
        "--fee-rate",
        "2",
    ];
    arguments.extend(more);
    arguments
}

fn codes(error: &Value) -> Vec<&str> {
    let findings = error["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

fn again<'a>(desk: &Desk, file: &'a str) -> Value {
    let arguments: Vec<&'a str> = order("create", file, &["--again", "--accept", "payment-open"]);
    desk.fails(&arguments, 12)
}

/// The folder is copied after `create`; the original is signed and sent, the copy cancelled freely.
/// What the pool shows, and then a block, overrides what the copy thought.
#[test]
fn an_id_is_not_free_once_the_other_folder_s_transaction_is_seen() {
    for case in ["p2wpkh", "p2tr", "p2pkh", "p2sh-p2wpkh"] {
        let desk = Desk::funded(case, 3);
        let id = desk.create("a", 3, &[]);
        let copy = copy_of(&desk);
        std::fs::copy(desk.path("a.csv"), copy.path("a.csv")).unwrap();
        assert_eq!(copy.ok(&["payout", "cancel", &id])["state"], "cancelled");
        desk.signed(&id);
        desk.ok(&["payout", "broadcast", &id]);

        see(&copy, &desk);
        assert_eq!(copy.state(&id), "cancelling", "{case}: in the memory pool");
        let file = copy.text("a.csv");
        assert_eq!(
            again(&copy, &file)["code"],
            "payout-id-known",
            "{case}: in the memory pool"
        );
        assert_eq!(
            copy.fails(&order("create", &file, &[]), 12)["code"],
            "same-file",
            "{case}"
        );

        desk.mine(1);
        see(&copy, &desk);
        assert_eq!(copy.state(&id), "confirmed", "{case}");
        assert_eq!(
            again(&copy, &file)["code"],
            "payout-id-known",
            "{case}: in a block"
        );
        let txid = desk.show(&id)["transactions"][0]["txid"].clone();
        assert_eq!(copy.show(&id)["transactions"][0]["txid"], txid, "{case}");

        desk.reorganise(1);
        see(&copy, &desk);
        assert_eq!(
            copy.state(&id),
            "cancelling",
            "{case}: the block was undone"
        );
        assert_eq!(
            again(&copy, &file)["code"],
            "payout-id-known",
            "{case}: the block was undone"
        );
    }
}

/// What was seen once can confirm for ever, also when the memory pool has forgotten it and the
/// ledger searches anew.
#[test]
fn an_id_is_not_free_again_when_the_pool_forgets() {
    let desk = Desk::funded("p2wpkh", 3);
    let id = desk.create("a", 1, &[]);
    let copy = copy_of(&desk);
    let before = copy_of(&desk);
    std::fs::copy(desk.path("a.csv"), copy.path("a.csv")).unwrap();
    copy.ok(&["payout", "cancel", &id]);
    desk.signed(&id);
    desk.ok(&["payout", "broadcast", &id]);
    see(&copy, &desk);
    see(&copy, &before);
    let file = copy.text("a.csv");
    assert_eq!(copy.state(&id), "cancelling");
    assert_eq!(again(&copy, &file)["code"], "payout-id-known");
    copy.ok(&["sync", "--rescan"]);
    assert_eq!(copy.state(&id), "cancelling");
    assert_eq!(again(&copy, &file)["code"], "payout-id-known");
    // The authorised way: a transaction that takes its coin.
    let cancelling = copy.ok(&["payout", "cancel", &id]);
    let cancel = cancelling["cancelled_by"].as_str().unwrap();
    copy.signed(cancel);
    copy.ok(&["payout", "broadcast", cancel]);
    copy.mine(6);
    assert_eq!(copy.state(&id), "cancelled");
}

/// In the original the list was cancelled freely and its payments planned anew: another
/// transaction, of the same coins, makes them.
#[test]
fn a_transaction_that_makes_the_payments_is_the_payout_whatever_else_it_is() {
    let desk = Desk::funded("p2wpkh", 1);
    let id = desk.create("a", 3, &[]);
    let copy = copy_of(&desk);
    std::fs::copy(desk.path("a.csv"), copy.path("a.csv")).unwrap();
    copy.ok(&["payout", "cancel", &id]);
    desk.ok(&["payout", "cancel", &id]);
    let file = desk.text("a.csv");
    let anew = desk.ok(&[
        "payout",
        "create",
        &file,
        "--wallet",
        "main",
        "--fee-rate",
        "5",
    ]);
    let anew = anew["id"].as_str().unwrap();
    desk.signed(anew);
    desk.ok(&["payout", "broadcast", anew]);
    desk.mine(1);
    assert_eq!(
        desk.state(&id),
        "cancelled",
        "the original knows which of its lists it was"
    );
    see(&copy, &desk);
    assert_eq!(copy.state(&id), "confirmed");
    let file = copy.text("a.csv");
    assert_eq!(again(&copy, &file)["code"], "payout-id-known");
}

/// The copy plans the ids again before it can know better: what it planned does not leave any more.
#[test]
fn what_was_planned_again_too_early_does_not_leave() {
    let desk = Desk::funded("p2wpkh", 3);
    let id = desk.create("a", 1, &[]);
    let copy = copy_of(&desk);
    std::fs::copy(desk.path("a.csv"), copy.path("a.csv")).unwrap();
    copy.ok(&["payout", "cancel", &id]);
    // Of another coin than the first list's, which the next one takes: both could confirm.
    copy.create("next", 1, &[]);
    let file = copy.text("a.csv");
    let second = copy.ok(&order("create", &file, &["--accept", "payment-open"]));
    let first = copy.show(&id)["transactions"][0]["anchor"].clone();
    assert_ne!(second["transactions"][0]["anchor"], first);
    let second_id = second["id"].as_str().unwrap();
    desk.signed(&id);
    desk.ok(&["payout", "broadcast", &id]);
    see(&copy, &desk);
    let out = copy.text("out.psbt");
    let error = copy.fails(&["payout", "export", second_id, "--out", &out], 12);
    assert_eq!(error["code"], "payout-id-known");
    assert!(!copy.path("out.psbt").exists());
    copy.ok(&["payout", "cancel", second_id]);
}

/// The copy never had the list: it sees money of its wallet go to the payee all the same.
#[test]
fn a_payment_that_another_folder_made_is_told() {
    let desk = Desk::funded("p2wpkh", 3);
    let copy = copy_of(&desk);
    let id = desk.create("a", 1, &[]);
    desk.signed(&id);
    desk.ok(&["payout", "broadcast", &id]);
    see(&copy, &desk);
    let rows = [("b-0", RECIPIENTS[0], 100_001)];
    let file = list(&copy, "b.csv", &rows);
    for blocks in [0, 1] {
        if blocks > 0 {
            desk.mine(blocks);
            see(&copy, &desk);
        }
        let error = copy.fails(&order("plan", &file, &[]), 12);
        assert_eq!(codes(&error), ["payment-open"], "{blocks}");
        assert_eq!(error["findings"][0]["amount_sat"], 100_000);
    }
    copy.ok(&order("create", &file, &["--accept", "payment-open"]));
}

/// The cancelling is undone by a reorganisation of one block, and the original confirms in its
/// stead.
#[test]
fn a_cancelled_payout_is_cancelled_when_six_blocks_say_so() {
    for sent in [false, true] {
        let desk = Desk::funded("p2wpkh", 4);
        let id = desk.create("a", 1, &[]);
        desk.signed(&id);
        if sent {
            desk.ok(&["payout", "broadcast", &id]);
        }
        let cancelling = desk.ok(&["payout", "cancel", &id]);
        let cancel = cancelling["cancelled_by"].as_str().unwrap().to_owned();
        desk.signed(&cancel);
        desk.ok(&["payout", "broadcast", &cancel]);
        let rows = [("new-0", RECIPIENTS[0], 100_000)];
        let file = list(&desk, "new.csv", &rows);
        let locked = desk.balance("locked");
        for depth in 1..6 {
            desk.mine(1);
            let shown = desk.show(&id);
            assert_eq!(shown["state"], "cancelling", "at depth {depth}");
            assert_eq!(shown["transactions"][0]["conflict_confirmations"], depth);
            let error = desk.fails(&order("plan", &file, &[]), 12);
            assert_eq!(error["findings"][0]["state"], "cancelling");
        }
        assert!(locked >= desk.balance("locked"));
        desk.mine(1);
        assert_eq!(desk.state(&id), "cancelled");
        desk.ok(&order("plan", &file, &[]));
        desk.reorganise(6);
        assert_eq!(desk.state(&id), "cancelling", "a reorganisation moves back");
        assert_eq!(
            desk.fails(&order("plan", &file, &[]), 12)["code"],
            "warning-not-accepted"
        );
    }
}

#[test]
fn a_list_that_pays_what_another_may_still_pay_is_told_so() {
    let desk = Desk::funded("p2wpkh", 6);
    let id = desk.create("a", 1, &[]);
    let refused = |name: &str, satoshi: u64, state: &str| {
        let row = format!("{name}-0");
        let file = list(
            &desk,
            &format!("{name}.csv"),
            &[(&row, RECIPIENTS[0], satoshi)],
        );
        for command in ["plan", "create"] {
            let error = desk.fails(&order(command, &file, &[]), 12);
            assert_eq!(error["code"], "warning-not-accepted", "{name}");
            let finding = &error["findings"][0];
            assert_eq!(finding["code"], "payment-open");
            assert_eq!(finding["severity"], "warning");
            assert_eq!(finding["where"], row.as_str());
            assert_eq!(finding["list"], id.as_str());
            assert_eq!(finding["payout_id"], "a-0");
            assert_eq!(finding["state"], state);
            assert_eq!(finding["amount_sat"], 100_000);
            assert!(finding["date"].as_str().unwrap().ends_with('Z'));
        }
    };
    refused("planned", 100_000, "planned");
    refused("a-satoshi-more", 100_001, "planned");
    refused("a-little-less", 99_900, "planned");
    desk.signed(&id);
    refused("signed", 100_000, "signed");
    desk.ok(&["payout", "broadcast", &id]);
    refused("sent", 100_000, "broadcast");
    desk.mine(1);
    refused("confirmed", 100_000, "confirmed");
    desk.mine(98);
    refused("unsettled", 100_000, "confirmed");

    // Another amount is told of, and no more.
    let file = list(&desk, "other.csv", &[("other-0", RECIPIENTS[0], 150_000)]);
    let planned = desk.ok(&order("plan", &file, &[]));
    let finding = &planned["findings"][0];
    assert_eq!(finding["code"], "paid-before");
    assert_eq!(finding["severity"], "note");
    assert_eq!(finding["amount_sat"], 100_000);
    assert!(finding["date"].as_str().unwrap().ends_with('Z'));

    // Settled, the same amount is a note too; the amount and the day are in it.
    desk.mine(1);
    let file = list(
        &desk,
        "settled.csv",
        &[("settled-0", RECIPIENTS[0], 100_001)],
    );
    let planned = desk.ok(&order("plan", &file, &[]));
    assert_eq!(planned["findings"][0]["code"], "paid-before");
    // A payee that was never paid is no finding.
    let file = list(&desk, "first.csv", &[("first-0", RECIPIENTS[1], 100_001)]);
    assert!(
        desk.ok(&order("plan", &file, &[]))["findings"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn what_is_accepted_is_planned_and_kept_in_the_document() {
    let desk = Desk::funded("p2wpkh", 6);
    desk.create("a", 1, &[]);
    let file = list(
        &desk,
        "b.csv",
        &[
            ("b-0", RECIPIENTS[0], 100_000),
            ("b-1", RECIPIENTS[0], 100_000),
        ],
    );
    desk.fails(&order("create", &file, &[]), 12);
    desk.fails(&order("create", &file, &["--accept", "fee-rate-high"]), 12);
    desk.fails(&order("create", &file, &["--accept", "no-such-code"]), 2);
    let created = desk.ok(&order("create", &file, &["--accept", "payment-open"]));
    assert_eq!(codes(&created), ["payment-open", "payment-open"]);
    let id = created["id"].as_str().unwrap();
    assert_eq!(desk.state(id), "planned");
    // A list that is cancelled before any export is no reason to ask.
    let other = Desk::funded("p2wpkh", 6);
    let id = other.create("a", 1, &[]);
    other.ok(&["payout", "cancel", &id]);
    let file = list(&other, "b.csv", &[("b-0", RECIPIENTS[0], 100_000)]);
    other.ok(&order("create", &file, &[]));
}

/// Many payees that were paid before are told in few lines.
#[test]
fn findings_are_bounded() {
    let desk = Desk::funded("p2wpkh", 4);
    desk.create("a", 3, &[]);
    let rows: Vec<(String, &str, u64)> = (0..1_000)
        .map(|n| (format!("b-{n}"), RECIPIENTS[n % 3], 600 + n as u64))
        .collect();
    let rows: Vec<(&str, &str, u64)> = rows
        .iter()
        .map(|(id, address, satoshi)| (id.as_str(), *address, *satoshi))
        .collect();
    let file = list(&desk, "b.csv", &rows);
    let planned = desk.ok(&order("plan", &file, &[]));
    let findings = planned["findings"].as_array().unwrap();
    assert!(
        !findings.is_empty() && findings.len() <= 101,
        "{}",
        findings.len()
    );
}

/// The chain shows that the coin a list waits for is gone; the list says so, and what to do.
#[test]
fn a_list_whose_coin_was_reorganised_away_says_so() {
    let desk = Desk::funded("p2wpkh", 1);
    let empty = copy_of(&desk);
    let id = desk.create("a", 1, &[]);
    desk.reorganise(1);
    let anchor = desk.show(&id)["transactions"][0]["anchor"].clone();
    let missing = desk.show(&id)["transactions"][0]["missing_inputs"].clone();
    assert_eq!(missing[0]["outpoint"], anchor);
    assert_eq!(missing[0]["state"], "pending");
    // A longer chain that never had it.
    for file in CHAIN {
        let _ = std::fs::remove_file(empty.path("data").join(file));
    }
    empty.ok(&["rehearsal", "mine", "300"]);
    see(&desk, &empty);
    let shown = desk.show(&id);
    assert_eq!(shown["state"], "planned");
    assert_eq!(
        shown["transactions"][0]["missing_inputs"][0]["state"],
        "gone"
    );
    assert_eq!(desk.balance("confirmed"), 0);
    // When it is back, nothing is said.
    let again = Desk::funded("p2wpkh", 1);
    let id = again.create("a", 1, &[]);
    again.reorganise(1);
    again.mine(1);
    assert!(
        again.show(&id)["transactions"][0]
            .get("missing_inputs")
            .is_none()
    );
}

fn electrum<'a>(command: &'a str, file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = order(command, file, &["--format", "electrum", "--unit", "btc"]);
    arguments.extend(more);
    arguments
}

/// What a list pays is what it is, however it is written.
#[test]
fn the_same_list_in_other_words_is_the_same_list() {
    let desk = Desk::funded("p2wpkh", 10);
    let [first, second, third] = RECIPIENTS;
    desk.write(
        "one.txt",
        format!("{first}, 0.001\n{second}, 0.002\n").as_bytes(),
    );
    let one = desk.text("one.txt");
    let created = desk.ok(&electrum("create", &one, &[]));
    let same = |name: &str, text: String, more: &[&str]| {
        desk.write(name, text.as_bytes());
        let file = desk.text(name);
        let mut arguments = order("create", &file, &["--accept", "payment-open"]);
        arguments.extend(more);
        for command in ["plan", "create"] {
            arguments[1] = command;
            let error = desk.fails(&arguments, 12);
            assert_eq!(error["code"], "same-list", "{name}");
            assert!(
                error["message"]
                    .as_str()
                    .unwrap()
                    .contains(created["id"].as_str().unwrap())
            );
        }
    };
    let btc = ["--format", "electrum", "--unit", "btc"];
    same(
        "zeros.txt",
        format!("{first}, 0.0010\n{second}, 0.00200\n"),
        &btc,
    );
    same(
        "order.txt",
        format!("{second}, 0.002\n{first}, 0.001\n"),
        &btc,
    );
    same(
        "upper.txt",
        format!("{}, 0.001\n\n{second},0.002", first.to_uppercase()),
        &btc,
    );
    same(
        "labels.txt",
        format!("Ada <{first}>, 0.001\n{second}, 0.002\n"),
        &btc,
    );
    same(
        "bom.txt",
        format!("\u{feff}{first}, 0.001\r\n{second}, 0.002\r\n"),
        &btc,
    );
    let sat = ["--format", "electrum", "--unit", "sat"];
    same(
        "sat.txt",
        format!("{first}, 100000\n{second}, 200000\n"),
        &sat,
    );
    let prefix = ["--format", "electrum", "--unit", "sat", "--id-prefix", "x-"];
    same(
        "prefix.txt",
        format!("{first}, 100000\n{second}, 200000\n"),
        &prefix,
    );
    let sparrow = ["--format", "sparrow", "--unit", "sat"];
    same(
        "sparrow.csv",
        format!("{first},100000,a\n{second},200000,b\n"),
        &sparrow,
    );
    let core = ["--format", "core-outputs", "--unit", "btc"];
    same(
        "core.json",
        format!("[{{\"{second}\": 0.002}}, {{\"{first}\": \"0.001\"}}]"),
        &core,
    );
    let own =
        format!("payout_id,address,amount,unit\nq,{first},0.001,btc\nr,{second},200000,sat\n");
    same("own.csv", own, &[]);

    // A satoshi, a payee or a payment more is another list.
    for (name, text) in [
        (
            "more.txt",
            format!("{first}, 0.00100001\n{second}, 0.002\n"),
        ),
        ("payee.txt", format!("{third}, 0.001\n{second}, 0.002\n")),
        (
            "twice.txt",
            format!("{first}, 0.001\n{first}, 0.001\n{second}, 0.002\n"),
        ),
    ] {
        desk.write(name, text.as_bytes());
        let file = desk.text(name);
        desk.ok(&electrum("plan", &file, &["--accept", "payment-open"]));
    }
    let zeros = desk.text("zeros.txt");
    desk.ok(&electrum(
        "create",
        &zeros,
        &["--again", "--accept", "payment-open"],
    ));
}

/// Payments that the payer's own system numbers anew are owed anew.
#[test]
fn ids_of_the_payer_tell_lists_apart() {
    let desk = Desk::funded("p2wpkh", 10);
    let one = list(&desk, "one.csv", &[("a", RECIPIENTS[0], 100_000)]);
    desk.ok(&order("create", &one, &[]));
    let other = list(&desk, "other.csv", &[("b", RECIPIENTS[0], 100_000)]);
    desk.ok(&order("plan", &other, &["--accept", "payment-open"]));
    let spelled = desk.text("spelled.csv");
    desk.write(
        "spelled.csv",
        format!(
            "payout_id,address,amount,unit\na,{},0.001,btc\n",
            RECIPIENTS[0]
        )
        .as_bytes(),
    );
    assert_eq!(
        desk.fails(&order("create", &spelled, &[]), 12)["code"],
        "same-list"
    );
}

#[test]
fn ids_that_look_alike_are_told_apart_with_a_note() {
    let desk = Desk::funded("p2wpkh", 10);
    let one = list(
        &desk,
        "one.csv",
        &[
            ("I1", RECIPIENTS[0], 100_000),
            ("INV-007", RECIPIENTS[1], 100_000),
        ],
    );
    desk.ok(&order("create", &one, &[]));
    for (id, earlier) in [
        ("i1", "I1"),
        ("l1", "I1"),
        ("inv-7", "INV-007"),
        ("INV 007", "INV-007"),
        ("1NV-OO7", "INV-007"),
    ] {
        let file = list(&desk, "two.csv", &[(id, RECIPIENTS[2], 50_000)]);
        let planned = desk.ok(&order("plan", &file, &[]));
        let finding = &planned["findings"][0];
        assert_eq!(finding["code"], "payout-id-similar", "{id}");
        assert_eq!(finding["severity"], "note");
        assert_eq!(finding["where"], id);
        assert_eq!(finding["payout_id"], earlier);
    }
    let file = list(
        &desk,
        "within.csv",
        &[("z1", RECIPIENTS[2], 50_000), ("Z1", RECIPIENTS[2], 50_000)],
    );
    assert_eq!(
        desk.ok(&order("plan", &file, &[]))["findings"][0]["code"],
        "payout-id-similar"
    );
    let file = list(
        &desk,
        "apart.csv",
        &[
            ("I2", RECIPIENTS[2], 50_000),
            ("INV-07-0", RECIPIENTS[2], 50_000),
        ],
    );
    assert!(
        desk.ok(&order("plan", &file, &[]))["findings"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

/// Typed without its decimal point, or told by a node: a rate out of the ordinary is asked about.
#[test]
fn a_fee_out_of_the_ordinary_is_asked_about() {
    let desk = Desk::funded("p2wpkh", 10);
    let file = list(&desk, "a.csv", &[("a", RECIPIENTS[0], 900_000)]);
    let plan = |rate: &str, more: &[&str]| {
        let mut arguments = vec![
            "payout",
            "plan",
            &file,
            "--wallet",
            "main",
            "--fee-rate",
            rate,
        ];
        arguments.extend(more);
        desk.run(&arguments)
    };
    let refused = plan("125", &[]).error(3).unwrap();
    assert_eq!(refused["code"], "warning-not-accepted");
    assert_eq!(codes(&refused), ["fee-rate-high"]);
    plan("12.5", &[]).json().unwrap();
    plan("125", &["--accept", "fee-rate-high"]).json().unwrap();
    plan("125", &["--max-fee-rate", "130"]).json().unwrap();
    let lower = plan("12.5", &["--max-fee-rate", "10"]).error(3).unwrap();
    assert_eq!(codes(&lower), ["fee-rate-high"]);
    let dear = plan("1000", &["--accept", "fee-rate-high"])
        .error(3)
        .unwrap();
    assert_eq!(codes(&dear), ["fee-share-high"]);
    plan(
        "1000",
        &["--accept", "fee-rate-high", "--accept", "fee-share-high"],
    )
    .json()
    .unwrap();

    // More for the miners than for the payee, however little it is.
    let small = list(&desk, "small.csv", &[("s", RECIPIENTS[0], 1_000)]);
    let arguments = [
        "payout",
        "create",
        &small,
        "--wallet",
        "main",
        "--fee-rate",
        "20",
    ];
    assert_eq!(codes(&desk.fails(&arguments, 3)), ["fee-share-high"]);
    assert_eq!(desk.balance("locked"), 0);

    let split = [
        "payout",
        "split-coins",
        "--wallet",
        "main",
        "--into",
        "2",
        "--fee-rate",
        "700",
    ];
    assert_eq!(
        codes(&desk.fails(&split, 3)),
        ["fee-rate-high", "fee-share-high"]
    );
    let id = desk.create("c", 1, &[]);
    desk.export(&id, "c.psbt");
    let cancel = ["payout", "cancel", &id, "--fee-rate", "300"];
    assert_eq!(codes(&desk.fails(&cancel, 3)), ["fee-rate-high"]);
    assert_eq!(
        desk.state(&id),
        "exported",
        "nothing is cancelled by what was refused"
    );
    let mut cancel = cancel.to_vec();
    cancel.extend(["--accept", "fee-rate-high"]);
    desk.ok(&cancel);
}

/// The memory of a real chain is no place to rehearse.
#[test]
fn a_folder_that_follows_a_real_chain_is_not_rehearsed_in() {
    let desk = Desk::on_a_node("p2wpkh", 1);
    for arguments in [
        &["rehearsal", "fund", "--wallet", "main", "--amount", "1"][..],
        &["rehearsal", "mine", "1"],
        &["rehearsal", "reorg", "1"],
    ] {
        let error = desk.fails(arguments, 12);
        assert_eq!(error["code"], "other-chain", "{arguments:?}");
        assert!(
            error["hint"].as_str().unwrap().contains("--data"),
            "{error}"
        );
    }
    let exists = |name: &str| Path::new(&desk.path("data")).join(name).exists();
    assert!(
        !exists("rehearsal.sqlite"),
        "a refused command made a chain"
    );
    let index = desk.ok(&["address", "--wallet", "main"])["index"].clone();
    assert_eq!(index, 1, "a refused command handed out an address");
}
