//! The policy, and what it does to reviews and signatures, through the real binary.

use std::fs;

use bitcoin::XOnlyPublicKey;
use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::schnorr::Signature;
use bitcoin::secp256k1::{Message, Secp256k1};
use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};
use cofferdam_core::psbt::{Limits, Parsed, fields};
use cofferdam_core::wallet::Wallet;
use serde_json::{Value, json};

use crate::harness::{Run, Signer};
use crate::psbts::{OTHER, PAYEE, Plan};

fn set(signer: &Signer, words: &[&str]) -> Run {
    signer.run(&[&["policy", "set"][..], words].concat())
}

/// A vault that takes amounts as its journal knows them, and its wallet.
fn remembering() -> (Signer, Wallet) {
    let (signer, wallet) = Signer::with_wallet("segwit");
    set(&signer, &["only-signer", "yes", "--loosen"]).json();
    set(&signer, &["amounts", "remembered", "--loosen"]).json();
    (signer, wallet)
}

fn sign(signer: &Signer, plans: &[&Plan<'_>], extra: &[&str]) -> Run {
    let out = signer.text("out/");
    let _ = fs::remove_dir_all(&out);
    let mut arguments = vec!["sign".to_owned()];
    for (number, plan) in plans.iter().enumerate() {
        let name = format!("{number}.psbt");
        signer.write(&name, plan.psbt());
        arguments.push(signer.text(&name));
    }
    arguments.extend(["--out", &out, "--yes"].map(str::to_owned));
    arguments.extend(extra.iter().map(|word| (*word).to_owned()));
    signer.run(&arguments)
}

/// The codes of a refusal's findings.
#[track_caller]
fn refusals(run: &Run) -> Vec<String> {
    let error = run.error(3);
    let findings = error["findings"].as_array().expect("findings");
    let codes = findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned());
    codes.collect()
}

fn codes(review: &Value) -> Vec<&str> {
    let findings = review["files"][0]["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

/// Outputs are for 2,000,000 sat less 900,000; each round tells another coin's amount so that the
/// fee seems to be 1,000.
fn round<'a>(wallet: &'a Wallet, false_amounts: &'a [(u32, u64)]) -> Plan<'a> {
    Plan {
        fee: 900_000,
        proven: false,
        false_amounts,
        ..Plan::new(wallet, &[0, 1], &[(PAYEE, 500_000)])
    }
}

const FIRST: &[(u32, u64)] = &[(1, 101_000)];
const SECOND: &[(u32, u64)] = &[(0, 101_000)];

#[test]
fn what_loosens_is_confirmed_and_written_down() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let plan = Plan {
        proven: false,
        ..Plan::new(&wallet, &[0, 1], &[(PAYEE, 500_000)])
    };
    let missing = [
        "previous-transaction-missing",
        "previous-transaction-missing",
        "fee-unknown",
    ];
    assert_eq!(refusals(&sign(&signer, &[&plan], &[])), missing);

    let before = signer.run(&["policy", "show"]).json();
    assert_eq!(
        set(&signer, &["amounts", "remembered", "--loosen"]).error_code(3),
        "amounts-not-allowed",
        "nobody declared that nothing else signs"
    );
    assert_eq!(
        set(&signer, &["only-signer", "yes"]).error_code(2),
        "wrong-usage"
    );
    for words in [
        &["severity", "fee-too-high", "warning"][..],
        &["severity", "paid-before", "note"],
        &["amounts", "believed"],
        &["trust", "everybody"],
    ] {
        assert_eq!(
            set(&signer, words).error_code(2),
            "wrong-usage",
            "{words:?}"
        );
    }
    assert_eq!(
        signer.run(&["policy", "show"]).json()["amounts"],
        before["amounts"]
    );
    assert_eq!(signer.run(&["policy", "show"]).json()["only_signer"], false);

    let declared = set(&signer, &["only-signer", "yes", "--loosen"]).json();
    assert_eq!(
        (&declared["changed"], &declared["only_signer"]),
        (&json!(true), &json!(true))
    );
    let again = set(&signer, &["only-signer", "yes"]).json();
    assert_eq!(again["changed"], false, "the same value again is no change");
    assert_eq!(again["generation"], declared["generation"]);
    set(&signer, &["amounts", "remembered", "--loosen"]).json();

    let signed = sign(&signer, &[&plan], &[]).json();
    assert_eq!(signed["review"]["amounts"], "remembered");
    assert_eq!(
        codes(&signed["review"]),
        ["amount-remembered", "amount-remembered"]
    );
    assert_eq!(
        signed["review"]["files"][0]["inputs"][0]["proof"],
        "remembered"
    );
    let journal = signer.run(&["journal", "show"]).json();
    let entries = journal["entries"].as_array().unwrap();
    assert_eq!(
        entries.last().unwrap()["transaction"]["inputs"][1],
        json!({
            "outpoint": signed["review"]["files"][0]["inputs"][1]["outpoint"],
            "amount_sat": 1_000_000,
            "proof": "remembered",
            "branch": "receive",
            "index": 1,
        })
    );
    let changes: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["event"] == "policy-changed")
        .map(|entry| &entry["changes"][0])
        .collect();
    assert_eq!(
        changes,
        [
            "only-signer yes (was no)",
            "amounts remembered (was proven)"
        ]
    );

    set(&signer, &["only-signer", "no"]).json();
    let refused = refusals(&sign(&signer, &[&plan], &[]));
    assert!(
        refused.contains(&"amounts-not-allowed".to_owned()),
        "{refused:?}"
    );
    let shown = signer.run(&["policy", "show"]).json();
    assert_eq!(shown["amounts_in_force"], "proven");
}

#[test]
fn the_two_round_fee_attack_in_two_runs() {
    let (signer, wallet) = remembering();
    let (first, second) = (round(&wallet, FIRST), round(&wallet, SECOND));
    let signed = sign(&signer, &[&first], &[]).json();
    assert_eq!(
        signed["review"]["totals"]["fee_sat"], 1_000,
        "what the operator saw"
    );
    let refused = ["coin-amount-changed", "coin-amount-changed"];
    assert_eq!(refusals(&sign(&signer, &[&second], &[])), refused);
    let txid = signed["signed"][0]["unsigned_txid"].as_str().unwrap();
    assert_eq!(
        refusals(&sign(&signer, &[&second], &["--supersede", txid])),
        refused
    );
    assert!(!signer.path("out/0.signed.psbt").exists());
    sign(&signer, &[&first], &[]).json();

    // The truth, when it is proven, is shown, and judged as what it is.
    let proven = Plan {
        proven: true,
        ..round(&wallet, &[])
    };
    let refused = sign(&signer, &[&proven], &[]);
    assert_eq!(refusals(&refused), ["fee-rate-too-high"]);
}

#[test]
fn the_two_round_fee_attack_in_one_run() {
    let (signer, wallet) = remembering();
    let (first, second) = (round(&wallet, FIRST), round(&wallet, SECOND));
    let refused = refusals(&sign(&signer, &[&first, &second], &[]));
    assert!(
        refused.iter().all(|code| code == "coin-amounts-differ"),
        "{refused:?}"
    );
    assert!(!signer.path("out/0.signed.psbt").exists());
}

/// Each signature covers the lie of its round (BIP341), so that none of the four is worth anything:
/// nothing has to be refused.
#[test]
fn the_two_round_fee_attack_on_taproot_gives_no_signature_that_counts() {
    let (signer, wallet) = Signer::with_wallet("taproot");
    for (plan, noted) in [
        (round(&wallet, FIRST), vec![]),
        (round(&wallet, SECOND), vec!["amount-differs"]),
    ] {
        let signed = sign(&signer, &[&plan], &[]).json();
        assert_eq!(codes(&signed["review"]), noted);
        let parsed = Parsed::parse(&signer.read("out/0.signed.psbt"), &Limits::DEFAULT).unwrap();
        let coins = plan.coins();
        let mut cache = SighashCache::new(parsed.unsigned_tx());
        for (index, input) in parsed.raw().inputs.iter().enumerate() {
            let signature = input.plain(fields::input::TAP_KEY_SIG).unwrap();
            let hash = cache
                .taproot_key_spend_signature_hash(
                    index,
                    &Prevouts::All(&coins),
                    TapSighashType::Default,
                )
                .unwrap();
            let key =
                XOnlyPublicKey::from_slice(&coins[index].script_pubkey.as_bytes()[2..]).unwrap();
            let signature = Signature::from_slice(signature).unwrap();
            let message = Message::from_digest(hash.to_byte_array());
            let verified =
                Secp256k1::verification_only().verify_schnorr(&signature, &message, &key);
            assert!(verified.is_err(), "input {index}");
        }
    }
}

/// Between the journal's record and the signature's file anything may fail: the record counts.
#[test]
fn a_first_round_whose_signature_never_arrived_counts() {
    let (signer, wallet) = remembering();
    signer.write("0.psbt", round(&wallet, FIRST).psbt());
    // What is no PSBT at all would be refused before anything is signed.
    signer.write("taken", b"psbt\xffanother file");
    let (file, out) = (signer.text("0.psbt"), signer.text("taken"));
    let error = signer
        .run(&["sign", &file, "--out", &out, "--yes"])
        .error(12);
    assert!(
        error["message"].as_str().unwrap().contains("it is signed"),
        "{error}"
    );
    assert_eq!(signer.read("taken"), b"psbt\xffanother file");
    assert_eq!(
        refusals(&sign(&signer, &[&round(&wallet, SECOND)], &[])),
        ["coin-amount-changed", "coin-amount-changed"]
    );
}

#[test]
fn a_journal_that_was_rolled_back_signs_nothing() {
    let (signer, wallet) = remembering();
    let journal = signer.read("v.journal");
    sign(&signer, &[&round(&wallet, FIRST)], &[]).json();
    signer.write("v.journal", journal);
    assert_eq!(
        sign(&signer, &[&round(&wallet, SECOND)], &[]).error_code(5),
        "journal-damaged"
    );
}

#[test]
fn a_proven_amount_overrides_a_remembered_one() {
    let (signer, wallet) = remembering();
    let lied = Plan {
        proven: false,
        fee: 6_000,
        false_amounts: &[(0, 995_000)],
        ..Plan::new(&wallet, &[0, 1], &[(PAYEE, 500_000)])
    };
    sign(&signer, &[&lied], &[]).json();
    let claimed = Plan {
        false_amounts: &[],
        ..Plan {
            fee: 6_000,
            proven: false,
            ..Plan::new(&wallet, &[0, 1], &[(PAYEE, 500_000)])
        }
    };
    assert_eq!(
        refusals(&sign(&signer, &[&claimed], &[])),
        ["coin-amount-changed"],
        "the truth, but only claimed"
    );
    let proven = Plan {
        proven: true,
        ..claimed
    };
    let signed = sign(&signer, &[&proven], &[]).json();
    assert_eq!(codes(&signed["review"]), ["amount-overridden"]);
    // What was signed then is worthless, so that this is no repetition.
    let claimed = Plan {
        proven: false,
        ..proven
    };
    let signed = sign(&signer, &[&claimed], &[]).json();
    assert_eq!(
        codes(&signed["review"]),
        ["amount-remembered", "amount-remembered", "signed-before"],
        "the journal has its proof"
    );
    assert_eq!(
        refusals(&sign(&signer, &[&lied], &[])),
        ["coin-amount-changed"]
    );
}

#[test]
fn a_restored_vault_does_not_remember() {
    let old = Signer::restore();
    let wallet = old.add_account("main", "segwit");
    let plan = Plan::new(&wallet, &[0], &[(PAYEE, 500_000)]);
    sign(&old, &[&plan], &[]).json();
    let exported = old.text("exported.journal");
    old.run(&["journal", "export", "--out", &exported]).json();

    let new = Signer::restore();
    new.add_account("main", "segwit");
    set(&new, &["only-signer", "yes", "--loosen"]).json();
    let remembered = ["amounts", "remembered", "--loosen"];
    assert_eq!(set(&new, &remembered).error_code(3), "amounts-not-allowed");
    let imported = new.run(&["journal", "import", &exported]).json();
    assert_eq!(imported["imported"], 1);
    // Nobody can tell whether the copy was the latest.
    assert_eq!(set(&new, &remembered).error_code(3), "amounts-not-allowed");
    // And another vault signed.
    assert_eq!(new.run(&["policy", "show"]).json()["only_signer"], false);
}

#[test]
fn severities_only_rise() {
    let old = Signer::restore();
    let wallet = old.add_account("main", "segwit");
    let plan = Plan::new(&wallet, &[0], &[(PAYEE, 500_000)]);
    let review = sign(&old, &[&plan], &[]).json();
    assert_eq!(codes(&review["review"]), ["no-memory"]);
    set(&old, &["severity", "no-memory", "refusal"]).json();
    assert_eq!(refusals(&sign(&old, &[&plan], &[])), ["no-memory"]);
    assert_eq!(
        set(&old, &["severity", "no-memory", "default"]).error_code(2),
        "wrong-usage",
        "that loosens"
    );
    set(&old, &["severity", "no-memory", "default", "--loosen"]).json();
    set(&old, &["severity", "paid-before", "refusal"]).json();
    let repeated = Plan::new(&wallet, &[1], &[(PAYEE, 500_000)]);
    assert_eq!(
        refusals(&sign(&old, &[&repeated], &["--accept", "paid-before"])),
        ["paid-before"]
    );
}

#[test]
fn bounds_of_the_fee_only_fall() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let plan = Plan::new(&wallet, &[0], &[(PAYEE, 500_000)]);
    set(&signer, &["max-fee-sat", "999"]).json();
    assert_eq!(refusals(&sign(&signer, &[&plan], &[])), ["fee-too-high"]);
    assert_eq!(
        refusals(&sign(&signer, &[&plan], &["--max-fee-sat", "2000"])),
        ["fee-too-high"]
    );
    set(&signer, &["max-fee-sat", "1000", "--loosen"]).json();
    set(&signer, &["max-fee-rate", "5"]).json();
    assert_eq!(
        refusals(&sign(&signer, &[&plan], &[])),
        ["fee-rate-too-high"]
    );
    set(&signer, &["max-fee-rate", "default", "--loosen"]).json();
    sign(&signer, &[&plan], &[]).json();
}

/// The hint beside the vault decides before unlocking, and the vault afterwards.
#[test]
fn the_policy_of_the_machine_is_the_vaults() {
    let signer = Signer::init();
    // Where the test runs may have swap or not: only `policy show` without options tells, so
    // nothing is asked of swap here.
    set(&signer, &["machine", "network", "warn", "--loosen"]).json();
    assert_eq!(signer.read("v.machine"), b"network warn\n");
    assert_eq!(
        signer.run(&["policy", "show"]).json()["machine"],
        json!({"network": "warn"})
    );
    signer.write("v.machine", "network allow\n");
    if crate::harness::namespace_permitted() {
        let refused = signer.run(&["policy", "show"]);
        assert_eq!(refused.error_code(7), "machine-hint");
        fs::remove_file(signer.path("v.machine")).unwrap();
        signer.run(&["policy", "show"]).json();
    }
    // An option needs no hint, and the next change of the vault mends it.
    signer.write("v.machine", "network allow\n");
    signer
        .run(&[
            "account",
            "add",
            "--name",
            "a",
            "--script",
            "taproot",
            "--allow-online",
        ])
        .json();
    assert_eq!(signer.read("v.machine"), b"network warn\n");
    set(&signer, &["machine", "network", "refuse"]).json();
    assert_eq!(signer.read("v.machine"), b"");
}

#[test]
fn what_is_superseded_must_be_in_the_way() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let earlier = sign(
        &signer,
        &[&Plan::new(&wallet, &[0], &[(PAYEE, 500_000)])],
        &[],
    )
    .json();
    let earlier = earlier["signed"][0]["unsigned_txid"].as_str().unwrap();
    let beside = Plan::new(&wallet, &[1], &[(OTHER, 500_000)]);
    let refused = sign(&signer, &[&beside], &["--supersede", earlier]);
    assert_eq!(refusals(&refused), ["supersedes-nothing"]);
    let instead = Plan::new(&wallet, &[0, 1], &[(OTHER, 500_000)]);
    for _ in 0..2 {
        sign(&signer, &[&instead], &["--supersede", earlier]).json();
    }
}
