//! The road from bytes to signatures cannot be left: what was shown is what is approved, and what
//! is signed.

use std::collections::HashMap;

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::{OutPoint, Txid};
use cofferdam_core::keys::{Bip39Passphrase, Language, MasterKey, Mnemonic};
use cofferdam_core::psbt::{Limits, Parsed, finalize};
use cofferdam_core::review::FeeLimits;
use cofferdam_core::seal::VaultId;
use cofferdam_core::wallet::{Wallet, WalletId};
use cofferdam_core::{Network, ScriptType};
use cofferdam_transport::journals::JournalAnswer;
use serde_json::Value;

use super::{
    Examined, NotConsented, SigningWallet, Surroundings, consented, examine, permit, sign,
};
use crate::body::{Backup, Body, Registered, Seen};
use crate::journal::{Checkpoint, Entry, Event, Log, Memory};
use crate::memory_state::MemoryState;
use crate::policy::Policy;
use crate::protocol::{Blob, Consent, Digest, PsbtFile, Unlocked};

const WORDS: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

fn case() -> Value {
    let text = include_str!("../../../fixtures/core-signing/regtest.json");
    let fixture: Value = serde_json::from_str(text).unwrap();
    let mut cases = fixture["cases"].as_array().unwrap().iter();
    cases.find(|case| case["name"] == "p2wpkh").unwrap().clone()
}

pub(super) fn master() -> MasterKey {
    let mnemonic = Mnemonic::parse(WORDS, Some(Language::English)).unwrap();
    MasterKey::from_seed(&mnemonic.seed(&Bip39Passphrase::none()), Network::Regtest).unwrap()
}

fn wallet() -> Wallet {
    wallet_of(ScriptType::Segwit, 0)
}

pub(super) fn wallet_of(script_type: ScriptType, index: u32) -> Wallet {
    let account = master().account(script_type, index).unwrap();
    let name = match (script_type, index) {
        (ScriptType::Segwit, 0) => "main".to_owned(),
        _ => format!("{script_type}-{index}"),
    };
    account
        .wallet(script_type, name.parse().unwrap(), None)
        .unwrap()
}

fn body() -> Body {
    body_of(&[(ScriptType::Segwit, 0)])
}

/// A vault with these accounts.
pub(super) fn body_of(accounts: &[(ScriptType, u32)]) -> Body {
    let mnemonic = Mnemonic::parse(WORDS, Some(Language::English)).unwrap();
    Body {
        network: Network::Regtest,
        entropy: mnemonic.entropy(),
        language: Language::English,
        bip39_passphrase: Bip39Passphrase::none(),
        accounts: Vec::new(),
        wallets: accounts
            .iter()
            .map(|(script_type, index)| Registered {
                wallet: wallet_of(*script_type, *index),
                seen: Seen::default(),
            })
            .collect(),
        policy: Policy::default(),
        checkpoint: Checkpoint::NONE,
        memory: MemoryState::Complete,
        backup: Backup::Given,
    }
}

fn files(version: &str) -> Vec<PsbtFile> {
    let text = case()["unsigned"][version].as_str().unwrap().to_owned();
    vec![PsbtFile {
        path: "a.psbt".into(),
        bytes: Blob(text.into_bytes()),
    }]
}

fn examined_at(files: &[PsbtFile], entries: &[Entry], generation: u64) -> Examined {
    examined_with(files, &body(), entries, &[], None, generation, &[])
}

/// Examines files on a vault whose journal has these entries.
pub(super) fn examined_by(
    files: &[PsbtFile],
    body: &Body,
    entries: &[Entry],
    supersede: &[Txid],
    bundle: Option<WalletId>,
) -> Examined {
    examined_with(files, body, entries, supersede, bundle, 1, &[])
}

/// Examines as for a bundle that asks after the journal, with these answers.
pub(super) fn examined_answering(
    files: &[PsbtFile],
    body: &Body,
    answers: &[JournalAnswer],
) -> Examined {
    examined_with(files, body, &[], &[], None, 1, answers)
}

fn examined_with(
    files: &[PsbtFile],
    body: &Body,
    entries: &[Entry],
    supersede: &[Txid],
    bundle: Option<WalletId>,
    generation: u64,
    answers: &[JournalAnswer],
) -> Examined {
    let memory = Memory::of(entries);
    let surroundings = Surroundings {
        bundle,
        body,
        memory: &memory,
        unconfirmed: &[],
        unlocked: Unlocked {
            vault_id: "v".into(),
            generation,
            journal: None,
        },
        fee_limits: FeeLimits::DEFAULT,
        supersede,
        now: None,
        journal: &Log::empty(VaultId([1; 16])),
        answers,
    };
    examine(files, &surroundings).unwrap()
}

fn examined(files: &[PsbtFile]) -> Examined {
    examined_at(files, &[], 1)
}

pub(super) fn consent(review: Digest, accept: &[&str]) -> Consent {
    Consent::Sign {
        review,
        accept: accept.iter().map(|code| (*code).to_owned()).collect(),
    }
}

#[test]
fn what_is_approved_is_signed_as_core_signs_it() {
    let examined = examined(&files("psbt_v2"));
    let review = examined.review().review;
    let approved = consented(permit(examined).ok().unwrap(), &consent(review, &[]), &[])
        .ok()
        .unwrap();
    let wallet = wallet();
    let key = master().account(ScriptType::Segwit, 0).unwrap();
    let keys = HashMap::from([(
        wallet.id(),
        SigningWallet {
            wallet: &wallet,
            key,
        },
    )]);
    let signed = sign(approved, &keys).unwrap();
    let parsed = Parsed::parse(&signed[0].psbt, &Limits::DEFAULT).unwrap();
    let coins: Vec<_> = parsed
        .inputs()
        .iter()
        .map(|input| input.witness_utxo.clone().unwrap())
        .collect();
    assert_eq!(
        serialize_hex(&finalize(&parsed, &coins).unwrap()),
        case()["signed_transaction"]
    );
}

#[test]
fn an_approval_of_another_review_is_none() {
    let permitted = permit(examined(&files("psbt_v0"))).ok().unwrap();
    let other = examined(&files("psbt_v2")).review().review;
    assert_ne!(permitted.review().review, other);
    let refused = consented(permitted, &consent(other, &[]), &[]);
    assert!(matches!(
        refused,
        Err((NotConsented::OtherReview { .. }, _))
    ));
    let permitted = permit(examined(&files("psbt_v0"))).ok().unwrap();
    let refused = consented(permitted, &Consent::Decline, &[]);
    assert!(matches!(refused, Err((NotConsented::Declined, _))));
}

/// The watcher swaps the file after it was shown. The other one even makes the same report, and
/// only its bytes differ.
#[test]
fn a_psbt_swapped_between_review_and_signing_is_refused() {
    let shown = examined(&files("psbt_v0"));
    let mut swapped = files("psbt_v0");
    swapped[0].bytes.0.push(b'\n');
    let swapped = permit(examined(&swapped)).ok().unwrap();
    assert_eq!(
        swapped.review().files[0].report,
        shown.review().files[0].report,
        "nothing else tells them apart"
    );
    let of_swapped = swapped.review().review;
    match consented(swapped, &consent(shown.review().review, &[]), &[]) {
        Err((
            NotConsented::OtherReview {
                consented: approved,
                found,
            },
            _,
        )) => {
            assert_eq!((approved, found), (shown.review().review, of_swapped));
        }
        _ => panic!("what was not shown was approved"),
    }
}

#[test]
fn the_digest_covers_everything_that_is_shown() {
    let digest =
        |files: &[PsbtFile], generation| examined_at(files, &[], generation).review().review;
    let shown = digest(&files("psbt_v0"), 1);
    assert_eq!(
        digest(&files("psbt_v0"), 1),
        shown,
        "it is the same each time"
    );
    assert_ne!(
        digest(&files("psbt_v0"), 2),
        shown,
        "the vault's generation"
    );
    let mut renamed = files("psbt_v0");
    renamed[0].path = "b.psbt".into();
    assert_ne!(digest(&renamed, 1), shown, "the file's name");
    let mut longer = files("psbt_v0");
    longer[0].bytes.0.push(b'\n');
    assert_ne!(digest(&longer, 1), shown, "bytes that change nothing else");
    let twice = [files("psbt_v0"), files("psbt_v0")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    assert_ne!(digest(&twice, 1), shown, "the number of files");
}

/// An earlier transaction that paid the fixture's payee the same over another coin.
fn paid_before() -> Entry {
    let files = files("psbt_v0");
    let approved = {
        let examined = examined(&files);
        let review = examined.review().review;
        consented(permit(examined).ok().unwrap(), &consent(review, &[]), &[])
            .ok()
            .unwrap()
    };
    let Some(Event::Signed(mut transaction)) = approved.events().pop() else {
        panic!("one transaction is signed");
    };
    transaction.txid = [9; 32];
    for input in &mut transaction.inputs {
        input.txid = [8; 32];
    }
    Entry {
        time: 0,
        generation: 1,
        unfit: vec![],
        event: Event::Signed(transaction),
    }
}

#[test]
fn every_warning_must_be_accepted_by_its_code() {
    let entries = [paid_before()];
    let permitted = || {
        permit(examined_at(&files("psbt_v0"), &entries, 1))
            .ok()
            .unwrap()
    };
    let review = permitted().review().review;
    assert_eq!(permitted().review().warnings, ["paid-before"]);
    for accept in [&[][..], &["dust-output"], &["paid"]] {
        match consented(permitted(), &consent(review, accept), &[]) {
            Err((NotConsented::Warnings(left), _)) => assert_eq!(left, ["paid-before"]),
            _ => panic!("{accept:?} accepts nothing"),
        }
    }
    let approved = consented(permitted(), &consent(review, &["paid-before"]), &[])
        .ok()
        .unwrap();
    let Some(Event::Signed(transaction)) = approved.events().pop() else {
        panic!("one transaction is signed");
    };
    assert_eq!(transaction.accepted, ["paid-before"]);
    assert_eq!(
        transaction.review, review.0,
        "the journal names what was shown"
    );
}

#[test]
fn a_refusal_is_never_put_before_the_operator() {
    let mut earlier = paid_before();
    let Event::Signed(transaction) = &mut earlier.event else {
        panic!("it was signed");
    };
    // It spends the fixture's first coin for something else.
    let coin: OutPoint = examined(&files("psbt_v0")).review().files[0].report.inputs[0].outpoint;
    transaction.inputs[0].txid = *AsRef::<[u8; 32]>::as_ref(&coin.txid);
    transaction.inputs[0].vout = coin.vout;
    transaction.outputs[0].amount_sat += 1;
    let Err(refused) = permit(examined_at(&files("psbt_v0"), &[earlier], 1)) else {
        panic!("a coin was signed for two purposes");
    };
    assert_eq!(refused.records[0].codes, ["coin-signed-before"]);
    assert!(!refused.review.would_sign);
}

#[test]
fn without_its_key_nothing_is_signed() {
    let examined = examined(&files("psbt_v0"));
    let review = examined.review().review;
    let superseded: [Txid; 0] = [];
    let approved = consented(
        permit(examined).ok().unwrap(),
        &consent(review, &[]),
        &superseded,
    )
    .ok()
    .unwrap();
    assert!(sign(approved, &HashMap::new()).is_err());
}
