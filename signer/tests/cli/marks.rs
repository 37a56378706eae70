//! How far own outputs may stand: what the operator told, and nothing else.

use cofferdam_core::wallet::{Branch, Wallet};
use serde_json::Value;

use crate::harness::{Run, Signer};
use crate::psbts::{OTHER, PAYEE, Plan};

const LAST: u32 = 0x7fff_ffff;

fn sign(signer: &Signer, plan: &Plan<'_>) -> Run {
    signer.write("x.psbt", plan.psbt());
    let _ = std::fs::remove_file(signer.path("x.out"));
    let (input, out) = (signer.text("x.psbt"), signer.text("x.out"));
    signer.run(&["sign", &input, "--out", &out, "--yes"])
}

fn with_change<'a>(
    wallet: &'a Wallet,
    coin: &'a [u32],
    payee: &'a [(&'a str, u64)],
    index: u32,
) -> Plan<'a> {
    Plan {
        change: index,
        ..Plan::new(wallet, coin, payee)
    }
}

/// The only refusal of a run.
#[track_caller]
fn refused(run: &Run) -> Value {
    let error = run.error(3);
    let findings = error["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{error}");
    assert_eq!(findings[0]["code"], "index-out-of-bounds");
    findings[0].clone()
}

fn events(signer: &Signer) -> Vec<Value> {
    let shown = signer.run(&["journal", "show"]).json();
    shown["entries"].as_array().unwrap().clone()
}

/// A transaction over a coin that never existed costs nothing, and its previous transaction hashes
/// as it should.
#[test]
fn change_is_not_held_to_ransom_by_a_coin_that_never_was() {
    for script in ["segwit", "taproot", "nested", "legacy"] {
        let (signer, wallet) = Signer::with_wallet(script);
        sign(&signer, &Plan::new(&wallet, &[LAST], &[(OTHER, 999_000)])).json();
        let ransom = with_change(&wallet, &[1], &[(PAYEE, 5_000)], 2_147_483_000);
        refused(&sign(&signer, &ransom));
        // In one transaction with a real coin, at the last index or nearer, and on either branch.
        let together = with_change(&wallet, &[0, LAST - 1], &[(PAYEE, 5_000)], 2_147_483_000);
        refused(&sign(&signer, &together));
        let mut to_self = Plan::new(&wallet, &[0, 2_000_000_000], &[]);
        to_self.to_self = Some((2_000_000_001, 1_000_000));
        refused(&sign(&signer, &to_self));
    }
}

#[test]
fn what_was_signed_does_not_move_the_bound() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    sign(
        &signer,
        &with_change(&wallet, &[0], &[(PAYEE, 5_000)], 9_999),
    )
    .json();
    let next = with_change(&wallet, &[1], &[(OTHER, 5_000)], 10_001);
    let finding = refused(&sign(&signer, &next));
    assert_eq!(finding["expected"], "at most 10000");
    // The refusal names the command to type: the way on for a vault whose journal alone knew how
    // far it had come.
    let message = finding["message"].as_str().unwrap();
    let command = message.split('`').nth(1).unwrap();
    assert_eq!(command, "wallet mark-used main change 10001");
    let words: Vec<&str> = command.split(' ').collect();
    let asked = signer.run(&words).error(2);
    assert!(asked["hint"].as_str().unwrap().contains("--yes"), "{asked}");
    signer.run(&[&words[..], &["--yes"]].concat()).json();
    sign(&signer, &next).json();
    // Change says nothing of the other branch.
    let mut split = Plan::new(&wallet, &[2], &[]);
    split.to_self = Some((10_001, 300_000));
    refused(&sign(&signer, &split));
}

#[test]
fn receive_marks_say_nothing_of_change() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let split = |coin: &'static [u32], index| Plan {
        to_self: Some((index, 300_000)),
        ..Plan::new(&wallet, coin, &[])
    };
    refused(&sign(&signer, &split(&[0], 20_000)));
    let marked = signer
        .run(&["wallet", "mark-used", "main", "receive", "15000", "--yes"])
        .json();
    assert_eq!(
        (&marked["seen_receive"], &marked["seen_change"]),
        (&15_000.into(), &Value::Null)
    );
    sign(&signer, &split(&[0], 20_000)).json();
    refused(&sign(&signer, &split(&[1], 25_001)));
    refused(&sign(
        &signer,
        &with_change(&wallet, &[2], &[(PAYEE, 5_000)], 15_000),
    ));
}

#[test]
fn near_the_bound_a_note_names_the_command_and_signing_goes_on() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let signed = sign(
        &signer,
        &with_change(&wallet, &[0], &[(PAYEE, 5_000)], 9_000),
    )
    .json();
    let finding = &signed["review"]["files"][0]["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["severity"]),
        (&"index-near-bound".into(), &"note".into())
    );
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.contains("`wallet mark-used main change 9000`"),
        "{message}"
    );
    // A step as short as that asks nothing.
    signer
        .run(&["wallet", "mark-used", "main", "change", "9000"])
        .json();
    let signed = sign(
        &signer,
        &with_change(&wallet, &[1], &[(OTHER, 5_000)], 9_001),
    )
    .json();
    assert_eq!(
        signed["review"]["files"][0]["findings"],
        serde_json::json!([])
    );
}

#[test]
fn marks_are_recorded_and_go_back() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let mark = |arguments: &[&str]| {
        signer.run(&[&["wallet", "mark-used", "main"][..], arguments].concat())
    };
    let generation = || signer.run(&["verify"]).json()["generation"].clone();
    // No question can be asked, and nothing is changed.
    for index in ["10001", "2147483647"] {
        assert_eq!(mark(&["change", index]).error_code(2), "wrong-usage");
    }
    assert_eq!(mark(&["change", "2147483648", "--yes"]).code, 2);
    assert_eq!(
        signer.run(&["wallet", "show", "main"]).json()["seen_change"],
        Value::Null
    );
    mark(&["change", "10000"]).json();
    mark(&["change", "20000"]).json();
    mark(&["change", "2147483647", "--yes"]).json();
    let before = generation();
    for index in ["2147483647", "5"] {
        assert_eq!(
            mark(&["change", index]).json()["seen_change"],
            2_147_483_647u32,
            "never lower unsaid"
        );
    }
    assert_eq!(generation(), before, "nothing was written");
    let far = with_change(&wallet, &[0], &[(PAYEE, 5_000)], 2_147_483_000);
    sign(&signer, &far).json();

    assert_eq!(
        mark(&["change", "400", "--lower"]).error_code(2),
        "wrong-usage"
    );
    assert_eq!(
        mark(&["change", "400", "--lower", "--yes"]).json()["seen_change"],
        400
    );
    assert_eq!(
        mark(&["change", "400", "--lower", "--yes"]).error_code(2),
        "wrong-usage"
    );
    assert_eq!(
        mark(&["receive", "0", "--lower", "--yes"]).error_code(2),
        "wrong-usage"
    );
    refused(&sign(
        &signer,
        &with_change(&wallet, &[1], &[(OTHER, 5_000)], 2_147_483_000),
    ));

    let events = events(&signer);
    let marks = events
        .iter()
        .filter(|entry| entry["event"] == "marked-used");
    let marks: Vec<&Value> = marks.map(|entry| &entry["change"]).collect();
    assert_eq!(marks, [10_000, 20_000, 2_147_483_647u32, 400]);
    let last = events
        .iter()
        .rfind(|entry| entry["event"] == "marked-used")
        .unwrap();
    assert_eq!(last["wallet_id"], wallet.id().to_string());
    assert_eq!(last["receive"], Value::Null);
    let words = signer.words(&["journal", "show"]);
    assert!(
        words
            .stdout
            .contains("marked-used: receive none, change 400 of wallet"),
        "{}",
        words.stdout
    );
}

/// Scripts that were written for the old name go on, but for the question.
#[test]
fn the_old_name_still_works() {
    let (signer, _) = Signer::with_wallet("segwit");
    let both = signer.run(&["wallet", "seen", "main", "9000"]).json();
    assert_eq!(
        (&both["seen_change"], &both["seen_receive"]),
        (&9_000.into(), &9_000.into())
    );
    let change = signer
        .run(&["wallet", "seen", "main", "19000", "--change"])
        .json();
    assert_eq!(
        (&change["seen_change"], &change["seen_receive"]),
        (&19_000.into(), &9_000.into())
    );
    let far = ["wallet", "seen", "main", "2147483647", "--receive"];
    assert_eq!(signer.run(&far).error_code(2), "wrong-usage");
    signer.run(&[&far[..], &["--yes"]].concat()).json();
    assert_eq!(
        signer.run(&["wallet", "seen", "nobody", "5"]).error_code(2),
        "wrong-usage"
    );
}

/// Change far out is found again: by the journal, and by an address that it knows.
#[test]
fn what_stands_far_out_is_found_again() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let far = 2_147_483_000;
    signer
        .run(&[
            "wallet",
            "mark-used",
            "main",
            "change",
            "2147483000",
            "--yes",
        ])
        .json();
    sign(
        &signer,
        &with_change(&wallet, &[1_500_000_000], &[(PAYEE, 5_000)], far),
    )
    .json();

    let events = events(&signer);
    let transaction = &events.last().unwrap()["transaction"];
    let change = &transaction["outputs"][1];
    assert_eq!(
        (&change["class"], &change["branch"], &change["index"]),
        (&"change".into(), &"change".into(), &far.into())
    );
    let payment = &transaction["outputs"][0];
    assert_eq!(
        (&payment["branch"], &payment["index"]),
        (&Value::Null, &Value::Null)
    );
    let coin = &transaction["inputs"][0];
    assert_eq!(
        (&coin["branch"], &coin["index"]),
        (&"receive".into(), &1_500_000_000.into())
    );
    let words = signer.words(&["journal", "show"]).stdout;
    assert!(words.contains(&format!("change {far}")), "{words}");

    for (branch, index) in [(Branch::Change, far), (Branch::Receive, 1_500_000_000)] {
        let address = wallet.address(branch, index).unwrap().to_string();
        let check = [
            "address",
            "--account",
            "main",
            "--check",
            &address,
            "--range",
            "1",
        ];
        let found = signer.run(&check).json();
        assert_eq!(
            (&found["branch"], &found["index"]),
            (&branch.to_string().into(), &index.into())
        );
    }
    let unknown = wallet.address(Branch::Change, far + 1).unwrap().to_string();
    let check = [
        "address",
        "--account",
        "main",
        "--check",
        &unknown,
        "--range",
        "1",
    ];
    assert_eq!(signer.run(&check).error_code(3), "not-ours");
}
