//! Derivations of inputs that are not true, and inputs whose owner is another than the PSBT says.

use bitcoin::bip32::Fingerprint;
use cofferdam_core::psbt::fields::{global, input};
use cofferdam_core::psbt::{RawKey, RawMap};
use cofferdam_core::wallet::Branch;
use cofferdam_core::{Network, ScriptType};

use super::Case;
use super::fixture::{OUR_WORDS, account, ours, second, theirs};
use super::payout::{Coin, Payout, claim_input, origin, pair};

const PATHS: &str = "BIP32 and BIP44: a path is a hint, and what it gives is compared";
const SIGNED: &str = "has a coin signed for that is not what the operator sees";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = paths();
    cases.extend(keys());
    cases.extend(owners());
    cases.extend(networks());
    cases
}

/// Puts another path in the place of the first input's.
fn paths() -> Vec<Case> {
    let table = [
        ("another-account", "84h/1h/5h/0/0"),
        ("another-type", "49h/1h/3h/0/0"),
        ("hardened-index", "84h/1h/0h/0/0h"),
        ("hardened-branch", "84h/1h/0h/0h/0"),
        ("third-branch", "84h/1h/0h/2/0"),
        ("too-deep", "84h/1h/0h/0/0/0"),
        ("too-short", "84h/1h/0h/0"),
        ("unhardened-account", "84h/1h/0/0/0"),
        ("empty", "m"),
    ];
    let case = |(name, path): (&str, &str)| {
        let hostile = Payout::new(ScriptType::Segwit).edited(|raw| {
            let fingerprint = ours(ScriptType::Segwit).single().unwrap().fingerprint();
            pair(&mut raw.inputs[0], input::BIP32_DERIVATION).value = origin(fingerprint, path);
        });
        Case::new(
            &format!("input-path-{name}"),
            &format!("The listed path of an own coin leads elsewhere: {path}"),
            PATHS,
            SIGNED,
        )
        .caught_by("derivation")
        .also(&["foreign_input"])
        .refused(
            hostile,
            &["input 0 false-derivation", "input 0 foreign-input"],
        )
    };
    table.into_iter().map(case).collect()
}

fn keys() -> Vec<Case> {
    let mut cases = Vec::new();
    for script_type in [ScriptType::Legacy, ScriptType::Nested, ScriptType::Segwit] {
        let stranger = theirs(script_type)
            .public_key(Branch::Receive, 0)
            .expect("a key");
        let hostile = Payout::new(script_type).edited(|raw| {
            pair(&mut raw.inputs[0], input::BIP32_DERIVATION).key.data =
                stranger.serialize().to_vec();
        });
        cases.push(
            Case::new(
                &format!("path-does-not-yield-the-key-{script_type}"),
                "Our fingerprint and path come with the attacker's key",
                "BIP174: the listed key is derived again, not believed",
                "has the signer take the key's owner for the path's",
            )
            .caught_by("derivation")
            .refused(hostile, &["input 0 false-derivation"]),
        );
    }
    let uncompressed = ours(ScriptType::Legacy)
        .public_key(Branch::Receive, 0)
        .expect("a key");
    let hostile = Payout::new(ScriptType::Legacy).edited(|raw| {
        pair(&mut raw.inputs[0], input::BIP32_DERIVATION).key.data =
            uncompressed.serialize_uncompressed().to_vec();
    });
    cases.push(
        Case::new(
            "key-uncompressed",
            "Our key is listed in its uncompressed form, which hashes to another script",
            "BIP32: extended keys give compressed keys only",
            "makes the signer sign with a form of the key that its wallet never derives",
        )
        .caught_by("derivation")
        .refused(hostile, &["input 0 false-derivation"]),
    );
    let hostile = Payout::new(ScriptType::Segwit).edited(|raw| {
        let fingerprint = ours(ScriptType::Segwit).single().unwrap().fingerprint();
        for number in 0..200 {
            let key = theirs(ScriptType::Segwit)
                .public_key(Branch::Receive, number)
                .expect("a key");
            raw.inputs[0].set(
                RawKey::with_data(input::BIP32_DERIVATION, key.serialize()),
                origin(fingerprint, &format!("84h/1h/0h/0/{number}")),
            );
        }
    });
    let found: Vec<&str> = vec!["input 0 false-derivation"; 4];
    cases.push(
        Case::new(
            "two-hundred-false-derivations",
            "One input lists 200 keys of the attacker's with our fingerprint",
            "the design: bounded before allocated",
            "makes a review that takes for ever or that nobody can read",
        )
        .caught_by("derivation")
        .refused(hostile, &found),
    );
    cases
}

fn owners() -> Vec<Case> {
    let unclaim = |map: &mut RawMap| {
        map.remove_type(input::BIP32_DERIVATION);
        map.remove_type(input::TAP_BIP32_DERIVATION);
    };
    let mut cases = Vec::new();
    for script_type in ScriptType::ALL {
        let hostile = Payout::new(script_type).edited(|raw| {
            let their = theirs(script_type);
            unclaim(&mut raw.inputs[1]);
            claim_input(&mut raw.inputs[1], their, Branch::Change, 3);
            raw.inputs[1].remove_type(input::TAP_INTERNAL_KEY);
        });
        cases.push(
            Case::new(
                &format!("own-input-claimed-foreign-{script_type}"),
                "A coin of ours is listed with the attacker's fingerprint and key",
                "coinjoin attacks on signers: an input that is not recognised is not counted",
                "has what our coin loses looked at as if a stranger lost it",
            )
            .caught_by("derivation")
            .refused(hostile, &["input 1 false-derivation"]),
        );

        let hostile = Payout::new(script_type)
            .with(|payout| {
                payout.coins[1] = Coin::new(theirs(script_type), Branch::Change, 3, 40_000_000, 40);
            })
            .edited(|raw| {
                unclaim(&mut raw.inputs[1]);
                claim_input(&mut raw.inputs[1], ours(script_type), Branch::Change, 3);
            });
        let mut findings = vec!["input 1 false-derivation", "input 1 foreign-input"];
        let mut also = vec!["foreign_input"];
        if script_type == ScriptType::Taproot {
            findings.extend(["input 1 foreign-amount-unproven", "transaction fee-unknown"]);
            also.push("fee_unknown");
        }
        cases.push(
            Case::new(
                &format!("foreign-input-claimed-own-{script_type}"),
                "A coin of the attacker's is listed with our fingerprint, path and key",
                "coinjoin attacks on signers; BIP174: derivations are hints",
                "has the attacker's coin counted as ours, so that the sums look right",
            )
            .caught_by("derivation")
            .also(&also)
            .refused(hostile, &findings),
        );
    }
    let foreign = Payout::of(theirs(ScriptType::Segwit)).psbt();
    cases.push(
        Case::new(
            "wallet-of-another",
            "Every input and the change are another wallet's",
            "the design, section 6: a foreign wallet's PSBT is refused",
            "wastes the operator's attention, or has somebody else's payment recorded",
        )
        .caught_by("foreign_wallet")
        .refused(foreign, &["transaction foreign-wallet"]),
    );
    let two = Payout::new(ScriptType::Segwit).with(|payout| {
        payout.coins[1] = Coin::new(second(), Branch::Receive, 0, 40_000_000, 41);
    });
    cases.push(
        Case::new(
            "inputs-of-two-wallets",
            "Coins of two of our accounts are spent together, and the change goes to the first",
            "the design, section 5: inputs of two wallets are a refusal",
            "moves money between accounts under the name of change",
        )
        .caught_by("several_wallets")
        .refused(two.psbt(), &["input 1 several-wallets"]),
    );
    cases
}

fn networks() -> Vec<Case> {
    let mainnet = account(OUR_WORDS, Network::Mainnet, ScriptType::Segwit, 0);
    let fingerprint = mainnet.origin().0;
    let stranger = theirs(ScriptType::Segwit)
        .public_key(Branch::Receive, 5)
        .expect("a key");
    let on_input = Payout::new(ScriptType::Segwit).edited(|raw| {
        raw.inputs[1].set(
            RawKey::with_data(input::BIP32_DERIVATION, stranger.serialize()),
            origin(Fingerprint::from([1, 2, 3, 4]), "84h/0h/0h/0/5"),
        );
    });
    let own_key = mainnet.public_key(Branch::Receive, 0).expect("a key");
    let own_mainnet = Payout::new(ScriptType::Segwit).edited(|raw| {
        let pair = pair(&mut raw.inputs[0], input::BIP32_DERIVATION);
        pair.key.data = own_key.serialize().to_vec();
        pair.value = origin(fingerprint, "84h/0h/0h/0/0");
    });
    let xpub = Payout::new(ScriptType::Segwit).edited(|raw| {
        raw.global.set(
            RawKey::with_data(global::XPUB, mainnet.xpub().encode()),
            origin(fingerprint, "84h/0h/0h"),
        );
    });
    let case = |name: &str, title: &str| {
        Case::new(
            name,
            title,
            "SLIP44 and BIP44: mainnet and test networks share keys, and a signature on one is good on the other",
            "has mainnet coins signed for by an operator who believes it is a test",
        )
        .caught_by("network")
    };
    vec![
        case(
            "mainnet-coin-on-testnet",
            "An input lists a mainnet path beside our own",
        )
        .refused(on_input, &["input 1 wrong-network"]),
        case(
            "own-mainnet-coin-on-testnet",
            "An input lists our own mainnet account",
        )
        .also(&["derivation", "foreign_input"])
        .refused(
            own_mainnet,
            &[
                "input 0 false-derivation",
                "input 0 foreign-input",
                "input 0 wrong-network",
            ],
        ),
        case(
            "mainnet-extended-key",
            "The global map lists an extended key of mainnet",
        )
        .refused(xpub, &["transaction wrong-network"]),
    ]
}
