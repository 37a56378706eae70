//! Outputs dressed up as change.

use bitcoin::ScriptBuf;
use bitcoin::bip32::Fingerprint;
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::fields::output;
use cofferdam_core::psbt::{RawKey, RawMap};
use cofferdam_core::wallet::Branch;

use super::fixture::{ours, payee, theirs};
use super::payout::{Coin, Payout, origin, pair, script};
use super::{Case, Step};

const STEAL: &str = "has the attacker's output taken for change, and not shown as a payment";
const BOUND: &str =
    "the design: at most 10,000 beyond the index that the operator told; ransom attacks on change";
const LOSE: &str = "sends the change where the wallet will not find it, and asks a ransom";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for script_type in ScriptType::ALL {
        cases.extend([
            decorated(script_type, "our-key", true, false),
            decorated(script_type, "their-key", false, false),
            decorated(script_type, "fingerprint-zero", true, true),
        ]);
    }
    cases.extend(paths());
    cases.extend(scripts());
    cases.extend(far_out());
    cases.push(several());
    cases
}

/// Returns the account's path, branch 1 and the index as text.
fn change_path(script_type: ScriptType, index: u32) -> String {
    let (_, (_, path)) = ours(script_type)
        .key_origin(Branch::Change, index)
        .expect("a key");
    path.to_string()
}

fn decorate(map: &mut RawMap, script_type: ScriptType, our_key: bool, value: &[u8]) {
    let wallet = if our_key {
        ours(script_type)
    } else {
        theirs(script_type)
    };
    let key = wallet.public_key(Branch::Change, 8).expect("a key");
    if script_type == ScriptType::Taproot {
        let x_only = key.x_only_public_key().0.serialize();
        map.set(
            RawKey::with_data(output::TAP_BIP32_DERIVATION, x_only),
            [&[0], value].concat(),
        );
    } else {
        map.set(
            RawKey::with_data(output::BIP32_DERIVATION, key.serialize()),
            value.to_vec(),
        );
    }
}

fn decorated(script_type: ScriptType, name: &str, our_key: bool, anonymous: bool) -> Case {
    let fingerprint = match anonymous {
        true => Fingerprint::default(),
        false => ours(script_type).single().unwrap().fingerprint(),
    };
    let hostile = Payout::new(script_type)
        .with(|payout| {
            payout.outputs[1].sat -= 20_000_000;
            payout.pay(script(theirs(script_type), Branch::Change, 8), 20_000_000);
        })
        .edited(|raw| {
            let value = origin(fingerprint, &change_path(script_type, 8));
            decorate(&mut raw.outputs[2], script_type, our_key, &value);
        });
    Case::new(
        &format!("decorated-output-{name}-{script_type}"),
        "An output of the attacker's carries a derivation on our change branch",
        "BIP174's warning on change detection; advisories of several hardware wallets (Trezor 2018, Ledger 2018)",
        STEAL,
    )
    .caught_by("derivation")
    .refused(hostile, &["output 2 false-derivation"])
}

/// Our change, listed at a place where it is not.
fn paths() -> Vec<Case> {
    let table = [
        ("other-account", "84h/1h/7h/1/7"),
        ("other-type", "86h/1h/0h/1/7"),
        ("hardened-index", "84h/1h/0h/1/7h"),
        ("third-branch", "84h/1h/0h/2/7"),
        ("too-deep", "84h/1h/0h/1/7/0"),
        ("too-short", "84h/1h/0h/7"),
        ("another-index", "84h/1h/0h/1/6"),
    ];
    let mut cases: Vec<Case> = table
        .into_iter()
        .map(|(name, path)| {
            let hostile = Payout::new(ScriptType::Segwit).edited(|raw| {
                let fingerprint = ours(ScriptType::Segwit).single().unwrap().fingerprint();
                pair(&mut raw.outputs[1], output::BIP32_DERIVATION).value =
                    origin(fingerprint, path);
            });
            Case::new(
                &format!("change-path-{name}"),
                &format!(
                    "The change is listed at {path}, where the wallet has another script or none"
                ),
                "BIP174: change is change only by derivation",
                LOSE,
            )
            .caught_by("derivation")
            .refused(hostile, &["output 1 false-derivation"])
        })
        .collect();
    let hostile = Payout::new(ScriptType::Segwit).edited(|raw| {
        let fingerprint = ours(ScriptType::Segwit).single().unwrap().fingerprint();
        pair(&mut raw.outputs[1], output::BIP32_DERIVATION).value =
            origin(fingerprint, "84h/0h/0h/1/7");
    });
    cases.push(
        Case::new(
            "change-path-other-network",
            "The change is listed at the same place of mainnet",
            "SLIP44: the coin type is the network's",
            LOSE,
        )
        .caught_by("network")
        .also(&["derivation"])
        .refused(
            hostile,
            &["output 1 false-derivation", "output 1 wrong-network"],
        ),
    );
    cases
}

/// Our own key in a script that our wallet does not look for.
fn scripts() -> Vec<Case> {
    let key = ours(ScriptType::Segwit)
        .public_key(Branch::Change, 7)
        .expect("a key");
    let public_key = bitcoin::PublicKey::new(key);
    let program = script(ours(ScriptType::Segwit), Branch::Change, 7);
    let table: [(&str, &str, ScriptBuf); 4] = [
        ("nested", "nested segwit", program.to_p2sh()),
        (
            "legacy",
            "pay to public key hash",
            ScriptBuf::new_p2pkh(&public_key.pubkey_hash()),
        ),
        (
            "script-hash",
            "pay to witness script hash of it",
            ScriptBuf::new_p2pk(&public_key).to_p2wsh(),
        ),
        (
            "taproot",
            "taproot",
            ScriptBuf::new_p2tr(
                &bitcoin::secp256k1::Secp256k1::new(),
                key.x_only_public_key().0,
                None,
            ),
        ),
    ];
    let case = |(name, words, script): (&str, &str, ScriptBuf)| {
        let hostile = Payout::new(ScriptType::Segwit)
            .with(|payout| payout.outputs[1].script = script)
            .psbt();
        Case::new(
            &format!("change-of-another-type-{name}"),
            &format!("The change pays our own change key, but as {words}"),
            "advisories on change of unexpected script types; the design: change has the wallet's own script type",
            LOSE,
        )
        .caught_by("derivation")
        .refused(hostile, &["output 1 false-derivation"])
    };
    table.into_iter().map(case).collect()
}

fn far_out() -> Vec<Case> {
    let payout = |index: u32, branch: Branch| {
        Payout::new(ScriptType::Segwit).with(|payout| {
            payout.outputs.truncate(1);
            payout.pay_own(ours(ScriptType::Segwit), branch, index, 49_990_000);
        })
    };
    let case = |name: &str, index: u32, branch: Branch| {
        Case::new(
            name,
            &format!("An output of ours stands at index {index}, where no wallet looks"),
            BOUND,
            LOSE,
        )
        .caught_by("index_bound")
        .refused(
            payout(index, branch).psbt(),
            &["output 1 index-out-of-bounds"],
        )
    };
    vec![
        case("change-index-one-too-far", 10_001, Branch::Change),
        case("change-index-huge", 0x7fff_ffff, Branch::Change),
        case("own-receive-index-huge", 1_000_000_000, Branch::Receive),
        Case::new(
            "change-index-near-the-bound",
            "The change stands where the operator's mark should move before payouts are refused",
            BOUND,
            "wears the bound out, so that an honest payout is refused on the day that it is due",
        )
        .caught_by("index_bound")
        .noted(
            payout(9_500, Branch::Change).psbt(),
            &["output 1 index-near-bound"],
        ),
        claimed_coin(),
        made_up_coin(
            "made-up-coin-raises-the-change-bound",
            Branch::Receive,
            Branch::Change,
        ),
        made_up_coin(
            "made-up-coin-raises-the-receive-bound",
            Branch::Change,
            Branch::Receive,
        ),
        signed_made_up_coin(),
    ]
}

/// The last index that there is, and one a little before it.
const FAR: [u32; 2] = [0x7fff_ffff, 2_147_483_000];

/// The transaction that made the coin hashes correctly, and was never mined: a signer cannot tell.
fn made_up_coin(name: &str, coin: Branch, branch: Branch) -> Case {
    let wallet = ours(ScriptType::Segwit);
    let hostile = Payout::new(ScriptType::Segwit).with(|payout| {
        payout.coins[1] = Coin::new(wallet, coin, FAR[0], 40_000_000, 1);
        payout.outputs.truncate(1);
        payout.pay_own(wallet, branch, FAR[1], 49_990_000);
    });
    Case::new(
        name,
        &format!("A coin at {coin} index {} comes with the transaction that made it, and an output of ours stands near it", FAR[0]),
        BOUND,
        LOSE,
    )
    .caught_by("index_bound")
    .refused(hostile.psbt(), &["output 1 index-out-of-bounds"])
}

/// What was signed is not what happened: the coin of the first transaction never existed.
fn signed_made_up_coin() -> Case {
    let wallet = ours(ScriptType::Segwit);
    let first = Payout::new(ScriptType::Segwit).with(|payout| {
        payout.coins = vec![Coin::new(wallet, Branch::Receive, FAR[0], 30_010_000, 800)];
        payout.outputs.clear();
        payout.pay(payee(3), 30_000_000);
    });
    let hostile = Payout::new(ScriptType::Segwit).with(|payout| {
        payout.outputs.truncate(1);
        payout.pay_own(wallet, Branch::Change, FAR[1], 49_990_000);
    });
    Case::new(
        "signed-made-up-coin-raises-the-change-bound",
        "A coin at the last index, which never existed, is signed for, and then a payout whose change stands near it",
        BOUND,
        LOSE,
    )
    .caught_by("index_bound")
    .psbt("first.psbt", first.psbt())
    .step(Step::sign(&["first.psbt"], 0, &[]))
    .refused(hostile.psbt(), &["output 1 index-out-of-bounds"])
}

/// The coin's place is only claimed: its signature is worthless if it is false, but what it says
/// must not move the bound.
fn claimed_coin() -> Case {
    let wallet = ours(ScriptType::Taproot);
    let hostile = Payout::new(ScriptType::Taproot).with(|payout| {
        payout.coins[1] = Coin::new(wallet, Branch::Change, 500_000_000, 40_000_000, 1);
        payout.outputs.truncate(1);
        payout.pay_own(wallet, Branch::Change, 500_000_007, 49_990_000);
    });
    Case::new(
        "claimed-coin-raises-the-change-bound",
        "A taproot coin is claimed to stand at a huge index, and the change stands a little beyond it",
        "BIP341: a signature covers a claimed script, and does not prove it",
        LOSE,
    )
    .caught_by("index_bound")
    .refused(hostile.psbt(), &["output 1 index-out-of-bounds"])
}

fn several() -> Case {
    let hostile = Payout::new(ScriptType::Segwit).with(|payout| {
        payout.outputs[1].sat = 20_000_000;
        payout.pay_own(ours(ScriptType::Segwit), Branch::Change, 40, 29_990_000);
    });
    Case::new(
        "several-change-outputs",
        "The change is split over two outputs of ours, one of them at an index far beyond the others",
        "the design: a payout has one change output",
        "scatters the change, or hides a payment among many outputs of ours",
    )
    .caught_by("change_count")
    .warned(hostile.psbt(), &["transaction several-change-outputs"])
}
