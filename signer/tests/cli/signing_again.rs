//! What the journal's memory is for: the rules of signing again, through the real binary.

use cofferdam_core::psbt::Version;
use cofferdam_core::wallet::Wallet;
use cofferdam_transport::bundle::Bundle;
use serde_json::Value;

use crate::harness::{COSTS, Run, Signer};
use crate::psbts::{OTHER, PAYEE, Plan};

fn sign(signer: &Signer, plan: &Plan<'_>, extra: &[&str]) -> Run {
    signer.write("x.psbt", plan.psbt());
    let _ = std::fs::remove_file(signer.path("x.out"));
    let (input, out) = (signer.text("x.psbt"), signer.text("x.out"));
    let arguments = ["sign", &input, "--out", &out, "--yes"];
    signer.run(&[&arguments[..], extra].concat())
}

#[track_caller]
fn codes(review: &Value) -> Vec<String> {
    let findings = review["files"][0]["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect()
}

#[track_caller]
fn txid(run: &Run) -> String {
    run.json()["signed"][0]["unsigned_txid"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn the_same_transaction_is_signed_again_byte_equal() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let plan = Plan::new(&wallet, &[0, 1], &[(PAYEE, 5_000)]);
    sign(&signer, &plan, &[]).json();
    let first = signer.read("x.out");
    let again = sign(&signer, &plan, &[]).json();
    assert_eq!(signer.read("x.out"), first);
    assert_eq!(codes(&again["review"]), ["signed-before"]);
}

#[test]
fn a_coin_is_not_signed_for_two_purposes() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let earlier = txid(&sign(
        &signer,
        &Plan::new(&wallet, &[0, 1], &[(PAYEE, 5_000)]),
        &[],
    ));
    let other = Plan::new(&wallet, &[0, 2], &[(OTHER, 5_000)]);
    let error = sign(&signer, &other, &[]).error(3);
    let finding = &error["findings"][0];
    assert_eq!(finding["code"], "coin-signed-before");
    assert_eq!(finding["where"], "input 0");
    assert!(
        finding["expected"].as_str().unwrap().contains(PAYEE),
        "the earlier payment is shown: {finding}"
    );
    assert!(finding["message"].as_str().unwrap().contains(&earlier));
    assert!(!signer.path("x.out").exists());

    let unknown = "11".repeat(32);
    assert_eq!(
        sign(&signer, &other, &["--supersede", &unknown]).error_code(2),
        "wrong-usage"
    );
    let superseded = sign(&signer, &other, &["--supersede", &earlier]).json();
    assert_eq!(codes(&superseded["review"]), ["supersedes"]);
    let again = sign(
        &signer,
        &Plan::new(&wallet, &[0, 1], &[(PAYEE, 5_000)]),
        &[],
    )
    .json();
    assert_eq!(
        codes(&again["review"]),
        ["signed-before"],
        "what is out is out"
    );
    sign(&signer, &other, &[]).json();
    let journal = signer.run(&["journal", "show"]).json();
    let entries = journal["entries"].as_array().unwrap();
    let last = entries[entries.len() - 3].clone();
    assert_eq!(last["event"], "signed");
    assert_eq!(
        last["transaction"]["supersedes"],
        serde_json::json!([earlier])
    );
}

#[test]
fn a_fee_bump_keeps_its_payments() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let mut plan = Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]);
    sign(&signer, &plan, &[]).json();
    plan.fee = 3_000;
    assert_eq!(
        codes(&sign(&signer, &plan, &[]).json()["review"]),
        ["fee-bump"]
    );
    plan.coins = &[0, 4];
    plan.fee = 9_000;
    assert_eq!(
        codes(&sign(&signer, &plan, &[]).json()["review"]),
        ["fee-bump", "fee-bump"]
    );
    plan.payments = &[(PAYEE, 5_000), (OTHER, 600)];
    let refused = sign(&signer, &plan, &[]).error(3);
    assert_eq!(
        refused["findings"][0]["code"], "coin-signed-before",
        "a bump that adds an output"
    );
}

#[test]
fn the_same_payment_over_other_coins_warns() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let earlier = txid(&sign(
        &signer,
        &Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]),
        &[],
    ));
    let again = Plan::new(&wallet, &[1], &[(OTHER, 6_000), (PAYEE, 5_000)]);
    let error = sign(&signer, &again, &[]).error(3);
    assert_eq!(error["code"], "warning-not-accepted");
    assert!(!signer.path("x.out").exists());
    assert_eq!(
        sign(&signer, &again, &["--accept", "dust-output"]).error_code(3),
        "warning-not-accepted"
    );
    let accepted = sign(&signer, &again, &["--accept", "paid-before"]).json();
    let finding = &accepted["review"]["files"][0]["findings"][0];
    assert_eq!(finding["code"], "paid-before");
    assert_eq!(finding["found"], earlier.as_str());
    let journal = signer.run(&["journal", "show"]).json();
    let entries = journal["entries"].as_array().unwrap();
    assert_eq!(
        entries.last().unwrap()["transaction"]["accepted"],
        serde_json::json!(["paid-before"])
    );
}

#[test]
fn what_was_refused_claims_no_coin() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let mut costly = Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]);
    costly.fee = 900_000;
    sign(&signer, &costly, &[]).error(3);
    sign(&signer, &Plan::new(&wallet, &[0], &[(OTHER, 5_000)]), &[]).json();
}

fn restored(words: &str) -> Signer {
    let signer = Signer::bare();
    signer.write("m", words);
    let file = signer.text("m");
    let arguments = ["restore", "--network", "regtest", "--mnemonic-file", &file];
    signer.run(&[&arguments[..], &COSTS].concat()).json();
    signer
}

#[test]
fn a_restored_vault_says_that_it_remembers_nothing_until_a_journal_is_imported() {
    let old = Signer::init();
    let wallet: Wallet = old.add_account("main", "segwit");
    let plan = Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]);
    sign(&old, &plan, &[]).json();
    let exported = old.text("exported.journal");
    old.run(&["journal", "export", "--out", &exported]).json();

    let words = old.text("words");
    old.run(&["backup", "show", "--mnemonic-out", &words])
        .json();
    let new = restored(&String::from_utf8(old.read("words")).unwrap());
    assert_eq!(new.add_account("main", "segwit").id(), wallet.id());
    new.write("x.psbt", plan.psbt());
    let psbt = new.text("x.psbt");
    let review = new.run(&["inspect", &psbt]).json();
    assert_eq!(review["memory"], "missing");
    assert_eq!(codes(&review), ["no-memory"]);

    let imported = new.run(&["journal", "import", &exported]).json();
    assert_eq!(imported["imported"], 1);
    let review = new.run(&["inspect", &psbt]).json();
    assert_eq!(review["memory"], "imported");
    assert_eq!(codes(&review), ["signed-before", "memory-imported"]);
    let conflict = Plan::new(&wallet, &[0], &[(OTHER, 5_000)]);
    assert_eq!(
        sign(&new, &conflict, &[]).error(3)["findings"][0]["code"],
        "coin-signed-before"
    );
    let twice = new.run(&["journal", "import", &exported]).json();
    assert_eq!(twice["imported"], 0, "what is known is not imported again");

    let stranger = Signer::init();
    let refused = stranger.run(&["journal", "import", &exported]);
    assert_eq!(refused.error_code(6), "not-a-journal");
}

#[test]
fn a_satoshi_more_to_the_same_payee_warns_and_another_amount_is_noted() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let earlier = txid(&sign(
        &signer,
        &Plan::new(&wallet, &[0], &[(PAYEE, 500_000)]),
        &[],
    ));
    let again = Plan::new(&wallet, &[1], &[(PAYEE, 500_001)]);
    assert_eq!(
        sign(&signer, &again, &[]).error_code(3),
        "warning-not-accepted"
    );
    let accepted = sign(&signer, &again, &["--accept", "paid-before"]).json();
    let finding = &accepted["review"]["files"][0]["findings"][0];
    assert_eq!(finding["code"], "paid-before");
    assert_eq!(finding["found"], earlier.as_str());
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.contains("500000 sat") && message.contains("signed on 20"),
        "{message}"
    );

    // The salary of the next month, at another rate.
    let salary = Plan::new(&wallet, &[2], &[(PAYEE, 480_000)]);
    let signed = sign(&signer, &salary, &[]).json();
    assert_eq!(codes(&signed["review"]), ["payee-paid-before"]);
    let message = signed["review"]["files"][0]["findings"][0]["message"]
        .as_str()
        .unwrap();
    assert!(
        message.contains("2 times") && message.contains("500001 sat, signed on 20"),
        "{message}"
    );
    let other = Plan::new(&wallet, &[3], &[(OTHER, 500_000)]);
    assert!(codes(&sign(&signer, &other, &[]).json()["review"]).is_empty());
}

/// One worthless signature made every later honest payout of the wallet `coin-amount-changed`,
/// whatever was done.
#[test]
fn a_false_amount_that_was_signed_freezes_no_taproot_wallet() {
    for version in [Version::V0, Version::V2] {
        let (signer, wallet) = Signer::with_wallet("taproot");
        let lie = Plan {
            false_amounts: &[(0, 999_500), (1, 1_000_300)],
            ..Plan::new(&wallet, &[0, 1], &[(OTHER, 300_000)])
        };
        sign(&signer, &lie, &[]).json();
        let truth = Plan::new(&wallet, &[0, 1], &[(PAYEE, 500_000)]);
        signer.write("x.psbt", truth.psbt_of(version));
        let (input, out) = (signer.text("x.psbt"), signer.text("truth.psbt"));
        let signed = signer.run(&["sign", &input, "--out", &out, "--yes"]).json();
        assert_eq!(
            codes(&signed["review"]),
            ["amount-differs"],
            "no --supersede, no --accept"
        );
        // And the very transaction of the lie, with what is true of it.
        let same = Plan {
            false_amounts: &[],
            ..Plan::new(&wallet, &[0, 1], &[(OTHER, 300_000)])
        };
        let error = sign(&signer, &same, &[]).error(3);
        assert_eq!(
            error["findings"][0]["code"], "coin-signed-before",
            "the truth is signed for another payee"
        );
    }
}

#[test]
fn a_false_amount_freezes_no_wallet_whose_payouts_come_in_bundles() {
    let (signer, wallet) = Signer::with_wallet("taproot");
    let bundle = |plan: &Plan<'_>, name: &str| {
        let bundle = Bundle::of(wallet.id(), name, &[plan.psbt()]).unwrap();
        signer.write("x.bundle", bundle.to_bytes());
        signer.run(&[
            "sign",
            &signer.text("x.bundle"),
            "--out",
            &signer.text(name),
            "--yes",
        ])
    };
    let lie = Plan {
        false_amounts: &[(0, 999_700)],
        ..Plan::new(&wallet, &[0], &[(OTHER, 300_000)])
    };
    bundle(&lie, "lie").json();
    let truth = Plan::new(&wallet, &[0], &[(PAYEE, 500_000)]);
    let signed = bundle(&truth, "truth").json();
    assert_eq!(codes(&signed["review"]), ["amount-differs"]);
}

/// The first transaction may spend coins that never existed: a signer cannot tell.
#[test]
fn a_payee_is_not_banned_by_an_address_that_looks_like_theirs() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    const ALIKE: &str = "bcrt1qqyqszqgpqyqszqgpqyqszqgpqqqqlfdhxwat9t";
    const HONEST: &str = "bcrt1qqyqszqgpqyqszqgpqyqszqgpqyqszqgpvxat9t";
    sign(&signer, &Plan::new(&wallet, &[0], &[(ALIKE, 400_000)]), &[]).json();
    let honest = Plan::new(&wallet, &[1], &[(HONEST, 600_000)]);
    assert_eq!(
        sign(&signer, &honest, &[]).error_code(3),
        "warning-not-accepted"
    );
    let accepted = sign(&signer, &honest, &["--accept", "address-lookalike"]).json();
    let finding = &accepted["review"]["files"][0]["findings"][0];
    assert_eq!(
        (&finding["expected"], &finding["found"]),
        (&ALIKE.into(), &HONEST.into()),
        "both are shown whole"
    );
    let next = Plan::new(&wallet, &[2], &[(HONEST, 200_000)]);
    assert_eq!(
        codes(&sign(&signer, &next, &[]).json()["review"]),
        ["payee-paid-before"]
    );
}
