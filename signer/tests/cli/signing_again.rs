//! What the journal's memory is for: the rules of signing again, through the real binary.

use cofferdam_core::wallet::Wallet;
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
    let again = sign(&signer, &Plan::new(&wallet, &[0, 1], &[(PAYEE, 5_000)]), &[]).json();
    assert_eq!(codes(&again["review"]), ["signed-before"], "what is out is out");
    sign(&signer, &other, &[]).json();
    let journal = signer.run(&["journal", "show"]).json();
    let entries = journal["entries"].as_array().unwrap();
    let last = entries[entries.len() - 3].clone();
    assert_eq!(last["event"], "signed");
    assert_eq!(last["transaction"]["supersedes"], serde_json::json!([earlier]));
}

#[test]
fn a_fee_bump_keeps_its_payments() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let mut plan = Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]);
    sign(&signer, &plan, &[]).json();
    plan.fee = 3_000;
    assert_eq!(codes(&sign(&signer, &plan, &[]).json()["review"]), ["fee-bump"]);
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
    let earlier = txid(&sign(&signer, &Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]), &[]));
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
    let old = Signer::restore();
    let wallet: Wallet = old.add_account("main", "segwit");
    let plan = Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]);
    sign(&old, &plan, &[]).json();
    let exported = old.text("exported.journal");
    old.run(&["journal", "export", "--out", &exported]).json();

    let new = restored(crate::harness::WORDS);
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
    // The old vault was restored too, so its own journal is all that there is.
    assert_eq!(codes(&review), ["signed-before"]);
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
fn change_far_out_needs_wallet_seen() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let mut plan = Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]);
    plan.change = 25_000;
    let refused = sign(&signer, &plan, &[]).error(3);
    assert_eq!(refused["findings"][0]["code"], "index-out-of-bounds");
    let seen = signer
        .run(&["wallet", "seen", "main", "20000", "--change"])
        .json();
    assert_eq!(
        (&seen["seen_change"], &seen["seen_receive"]),
        (&20_000.into(), &Value::Null)
    );
    sign(&signer, &plan, &[]).json();
    plan.change = 35_000;
    plan.coins = &[1];
    plan.payments = &[(PAYEE, 5_001)];
    sign(&signer, &plan, &[]).json();
    let shown = signer.run(&["wallet", "show", "main"]).json();
    assert_eq!(shown["seen_change"], 35_000, "signed change moves the bound");
    plan.change = 45_001;
    plan.coins = &[2];
    plan.payments = &[(PAYEE, 5_002)];
    assert_eq!(sign(&signer, &plan, &[]).code, 3);
}

#[test]
fn own_receive_addresses_far_out_need_wallet_seen() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let split = |coin: &'static [u32], index| {
        let mut plan = Plan::new(&wallet, coin, &[]);
        plan.to_self = Some((index, 300_000));
        signer.write("a.psbt", plan.psbt());
    };
    let (file, out) = (signer.text("a.psbt"), signer.text("out/"));
    split(&[0], 20_000);
    let refused = signer.run(&["inspect", &file]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    signer
        .run(&["wallet", "seen", "main", "15000", "--receive"])
        .json();
    signer.run(&["sign", &file, "--out", &out, "--yes"]).json();
    // What was signed moves the bound of its branch, and of no other.
    split(&[1], 30_000);
    assert_eq!(signer.run(&["inspect", &file]).code, 0);
    split(&[1], 30_001);
    assert_eq!(signer.run(&["inspect", &file]).code, 3);
    let mut plan = Plan::new(&wallet, &[2], &[(PAYEE, 5_000)]);
    plan.change = 15_000;
    signer.write("a.psbt", plan.psbt());
    assert_eq!(signer.run(&["inspect", &file]).code, 3);
}
