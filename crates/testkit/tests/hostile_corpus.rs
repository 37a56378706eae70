//! The hostile corpus is what its recipes make, and covers what it has to cover.
#![allow(clippy::print_stdout, reason = "the counts stand in docs/assurance.md")]

use cofferdam_testkit::hostile::{bless, cases, differences};

#[test]
fn the_folder_is_what_the_recipes_make() {
    let cases = cases();
    if std::env::var_os("COFFERDAM_BLESS").is_some() {
        bless(&cases).unwrap();
    }
    let different = differences(&cases).unwrap();
    assert_eq!(
        different,
        Vec::<String>::new(),
        "COFFERDAM_BLESS=1 writes the folder anew"
    );
}

/// What the corpus has to hold, and the cases that are it. A name may end with `*`.
const CHECKLIST: &[(&str, &[&str])] = &[
    (
        "CVE-2020-14199 in one round",
        &["amount-claimed-segwit", "amount-claimed-nested"],
    ),
    ("a vault that went back, or has a copy", &["bundle-asks-*"]),
    (
        "CVE-2020-14199 in two rounds",
        &["amount-claimed-two-rounds"],
    ),
    (
        "CVE-2020-14199 with the attacker's own input",
        &["amount-claimed-with-attackers-input"],
    ),
    (
        "legacy with only a witness UTXO",
        &["amount-claimed-legacy"],
    ),
    (
        "wrong txid",
        &["wrong-txid-*", "previous-transaction-forged-*"],
    ),
    (
        "unequal UTXO fields",
        &[
            "utxo-fields-unequal-amount-*",
            "utxo-fields-unequal-script-*",
        ],
    ),
    ("index out of range", &["index-out-of-range-*"]),
    (
        "P2SH posing as nested segwit",
        &[
            "p2sh-posing-as-nested",
            "p2sh-multisig-posing-as-nested",
            "nested-v1-program",
        ],
    ),
    (
        "mixed legacy and segwit with a false amount",
        &["mixed-legacy-and-segwit-false-amount"],
    ),
    (
        "taproot fields on a v0 input",
        &["taproot-fields-on-a-v0-input"],
    ),
    (
        "a decorated attacker output as change",
        &["decorated-output-*"],
    ),
    (
        "listed path not yielding the key",
        &["path-does-not-yield-the-key-*"],
    ),
    ("change of another type", &["change-of-another-type-*"]),
    ("change of another account", &["change-path-other-account"]),
    (
        "change at a hardened index",
        &["change-path-hardened-index"],
    ),
    (
        "change at a huge index",
        &["change-index-huge", "change-index-one-too-far"],
    ),
    (
        "a coin that never was moves the bound of change",
        &[
            "made-up-coin-raises-the-change-bound",
            "made-up-coin-raises-the-receive-bound",
            "signed-made-up-coin-raises-the-change-bound",
            "claimed-coin-raises-the-change-bound",
        ],
    ),
    (
        "a wallet frozen by one false amount",
        &["taproot-truth-after-a-false-amount-v*"],
    ),
    (
        "a payee banned by a lookalike",
        &["payee-banned-by-a-lookalike"],
    ),
    (
        "the same payee with a satoshi more",
        &["payment-again-with-a-satoshi-more", "run-payment-similar"],
    ),
    ("change of another network", &["change-path-other-network"]),
    (
        "mainnet coins on testnet",
        &["mainnet-coin-on-testnet", "own-mainnet-coin-on-testnet"],
    ),
    ("SIGHASH NONE", &["sighash-none-*"]),
    ("SIGHASH SINGLE", &["sighash-single-segwit"]),
    (
        "SIGHASH SINGLE|ANYONECANPAY",
        &["sighash-single-anyonecanpay-*"],
    ),
    (
        "SIGHASH SINGLE out of range",
        &["sighash-single-out-of-range-*"],
    ),
    ("SIGHASH 0x84", &["sighash-0x84-*"]),
    (
        "a foreign signer's half of a two-round attack",
        &["foreign-signers-half-of-two-rounds"],
    ),
    (
        "duplicate outpoint beyond the 100th input",
        &["duplicate-outpoint-beyond-the-100th"],
    ),
    ("overflow", &["sum-overflow", "sum-beyond-all-money"]),
    ("negative sums", &["amount-negative", "amount-negative-v2"]),
    ("outputs above inputs", &["outputs-above-inputs-*"]),
    (
        "all-change fee",
        &["all-change-fee", "all-change-fee-beyond"],
    ),
    (
        "OP_RETURN with trailing data",
        &["op-return-with-trailing-data"],
    ),
    (
        "attacker output buried among 2,000",
        &["attacker-among-two-thousand"],
    ),
    (
        "junk partial signatures",
        &[
            "signature-junk",
            "signatures-of-strangers",
            "signature-of-no-form",
        ],
    ),
    (
        "own input claimed foreign",
        &["own-input-claimed-foreign-*"],
    ),
    (
        "foreign input claimed own",
        &["foreign-input-claimed-own-*"],
    ),
    (
        "replacement that adds an output",
        &["replacement-adds-an-output"],
    ),
    (
        "PSBT swapped between review and signing",
        &["psbt-swapped-between-review-and-signing"],
    ),
    ("duplicate keys", &["duplicate-key-*"]),
    (
        "v0/v2 field confusion",
        &["version-0-with-*", "version-2-with-an-unsigned-transaction"],
    ),
    (
        "trailing bytes",
        &["bytes-trailing-bytes", "bytes-trailing-psbt"],
    ),
    (
        "global unsigned transaction with a scriptSig",
        &["unsigned-transaction-with-script-sig"],
    ),
    ("zero-value outputs", &["zero-value-output"]),
    (
        "control characters in labels",
        &["label-with-escape-sequence", "label-with-reversed-text"],
    ),
    ("ineffective lock times", &["lock-time-ineffective"]),
    (
        "far lock times",
        &["lock-time-far-*", "relative-lock-far-*"],
    ),
    (
        "one outpoint with two amounts",
        &[
            "run-coin-with-two-amounts",
            "amount-claimed-two-rounds-days-apart",
        ],
    ),
    (
        "address poisoning",
        &[
            "address-lookalike",
            "address-lookalike-of-an-earlier-payee",
            "run-address-lookalike",
        ],
    ),
    ("the same address twice", &["address-repeated"]),
    ("versions without rules", &["transaction-version-*"]),
    (
        "a transaction's sighash offered as a message",
        &["sighash-offered-*", "signed-message-offered"],
    ),
    (
        "vault headers with extreme Argon2 costs",
        &["vault-memory-*", "vault-passes-*", "vault-lanes-*"],
    ),
];

#[test]
fn every_idea_has_its_cases() {
    let cases = cases();
    let fits = |pattern: &str, name: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    let mut missing = Vec::new();
    for (idea, patterns) in CHECKLIST {
        for pattern in *patterns {
            if !cases.iter().any(|case| fits(pattern, &case.name)) {
                missing.push(format!("{idea}: {pattern}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(cases.len() >= 120, "{} cases", cases.len());
    println!(
        "hostile corpus: {} cases for {} ideas of the list, and others",
        cases.len(),
        CHECKLIST.len()
    );
}

#[test]
fn every_case_says_where_it_comes_from() {
    for case in cases() {
        for text in [&case.title, &case.source, &case.attacker, &case.caught_by] {
            assert!(!text.is_empty(), "{}", case.name);
        }
        assert!(!case.steps.is_empty(), "{}", case.name);
    }
}
