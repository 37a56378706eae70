//! `wrong-network`: coin types (SLIP44) and extended keys (BIP32) are of the wallet's network.
//!
//! Testnet4, signet and regtest share both, so that only mainnet and the test networks can be told
//! apart. Looked at are paths of the standard purposes (BIP43) in inputs, those of outputs where
//! they have the vault's fingerprint, and the global extended keys.

use std::collections::HashSet;

use bitcoin::NetworkKind;
use bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint, KeySource};

use crate::Network;
use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(expected) = facts.network else {
        return;
    };
    let ours: HashSet<Fingerprint> = facts
        .context
        .wallets
        .iter()
        .flat_map(|known| known.wallet.keys())
        .map(|key| key.fingerprint)
        .collect();
    for (index, input) in facts.parsed.inputs().iter().enumerate() {
        push(findings, Place::Input(index), expected, input.key_sources());
    }
    for (index, output) in facts.parsed.outputs().iter().enumerate() {
        // An output that pays somebody else may carry that wallet's own claims.
        let claims = output
            .key_sources()
            .filter(|(fingerprint, _)| ours.contains(fingerprint));
        push(findings, Place::Output(index), expected, claims);
    }
    let xpubs = &facts.parsed.global().xpubs;
    if xpubs
        .iter()
        .any(|(xpub, _)| xpub.network != expected.kind())
    {
        let kind = FindingKind::WrongNetwork {
            expected,
            mainnet: expected != Network::Mainnet,
        };
        findings.push(Finding::new(Place::Transaction, kind));
    }
}

fn push<'a>(
    findings: &mut Vec<Finding>,
    place: Place,
    expected: Network,
    mut claims: impl Iterator<Item = &'a KeySource>,
) {
    let other = claims.find_map(|(_, path)| kind_of(path).filter(|kind| *kind != expected.kind()));
    if let Some(kind) = other {
        let mainnet = kind == NetworkKind::Main;
        findings.push(Finding::new(
            place,
            FindingKind::WrongNetwork { expected, mainnet },
        ));
    }
}

/// Returns the kind of network that a path of a standard purpose is for.
fn kind_of(path: &DerivationPath) -> Option<NetworkKind> {
    match path.as_ref() {
        [
            ChildNumber::Hardened {
                index: 44 | 48 | 49 | 84 | 86,
            },
            ChildNumber::Hardened {
                index: coin_type @ (0 | 1),
            },
            ..,
        ] => Some(if *coin_type == 0 {
            NetworkKind::Main
        } else {
            NetworkKind::Test
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::psbt::{RawKey, fields};
    use crate::review::testing::{OUR_WORDS, Scenario, THEIR_WORDS, account, origin, wallet};
    use crate::wallet::Branch;
    use crate::{Network, ScriptType};
    use bitcoin::bip32::Fingerprint;

    #[test]
    fn hostile_cases() {
        let stranger = Fingerprint::from([1, 2, 3, 4]);
        let key = wallet(THEIR_WORDS, ScriptType::Segwit, 0)
            .public_key(Branch::Receive, 5)
            .unwrap()
            .serialize();
        Scenario::new(ScriptType::Segwit)
            .edit(move |raw| {
                let field = RawKey::with_data(fields::input::BIP32_DERIVATION, key);
                raw.inputs[1].set(field, origin(stranger, "84h/0h/0h/0/5"));
            })
            .expect(
                "mainnet coins on a test network",
                "network",
                &["input 1 wrong-network"],
            );
        let account = account(OUR_WORDS, Network::Mainnet, ScriptType::Segwit, 0);
        let (xpub, fingerprint) = (account.xpub().encode(), account.origin().0);
        Scenario::new(ScriptType::Segwit)
            .edit(move |raw| {
                let field = RawKey::with_data(fields::global::XPUB, xpub);
                raw.global.set(field, origin(fingerprint, "84h/0h/0h"));
            })
            .expect(
                "a mainnet extended key",
                "network",
                &["transaction wrong-network"],
            );
    }

    #[test]
    fn both_directions_and_fingerprint_zero() {
        let key = wallet(THEIR_WORDS, ScriptType::Segwit, 0)
            .public_key(Branch::Receive, 5)
            .unwrap()
            .serialize();
        let with_path = |scenario: Scenario, path: &'static str| {
            scenario.edit(move |raw| {
                let field = RawKey::with_data(fields::input::BIP32_DERIVATION, key);
                raw.inputs[1].set(field, origin(Fingerprint::default(), path));
            })
        };
        let test = || Scenario::new(ScriptType::Segwit);
        let main = || {
            test().with(|scenario| {
                let account = account(OUR_WORDS, Network::Mainnet, ScriptType::Segwit, 0);
                let name = "main".parse().unwrap();
                scenario.wallets[0] = account.wallet(ScriptType::Segwit, name, None).unwrap();
                scenario.outputs.truncate(1);
                scenario.pay_own(Branch::Change, 7, 49_990_000);
            })
        };
        let refused = ["input 1 wrong-network"];
        for path in ["84h/0h/0h/0/5", "49h/0h/3h", "86h/0h"] {
            with_path(test(), path).expect("mainnet's path on a test network", "network", &refused);
            with_path(main(), path).expect_clean("mainnet's path on mainnet");
        }
        for path in ["84h/1h/0h/0/5", "44h/1h/3h", "48h/1h"] {
            with_path(main(), path).expect("a test network's path on mainnet", "network", &refused);
            with_path(test(), path).expect_clean("a test network's path on one");
        }
    }

    #[test]
    fn what_others_say_about_their_own_outputs_is_theirs() {
        let stranger = Fingerprint::from([1, 2, 3, 4]);
        let key = wallet(THEIR_WORDS, ScriptType::Segwit, 0)
            .public_key(Branch::Receive, 5)
            .unwrap()
            .serialize();
        Scenario::new(ScriptType::Segwit)
            .edit(move |raw| {
                let field = RawKey::with_data(fields::output::BIP32_DERIVATION, key);
                raw.outputs[0].set(field, origin(stranger, "84h/0h/0h/0/5"));
            })
            .expect_clean("a payee's derivation");
    }
}
