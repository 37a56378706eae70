//! Whose script it is: proven by our own derivation, never by what a PSBT claims.

use std::collections::{HashMap, HashSet};

use bitcoin::bip32::{ChildNumber, Fingerprint, KeySource};
use bitcoin::{PublicKey, Script, XOnlyPublicKey};

use crate::ScriptType;
use crate::review::budget::{Budget, Work};
use crate::review::context::KnownWallet;
use crate::review::finding::DerivationFault;
use crate::wallet::{Branch, Wallet, WalletKey, WalletKind};

/// Where a script stands in the known wallets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::review) struct Owner {
    /// Index into the known wallets.
    pub(in crate::review) wallet: usize,
    pub(in crate::review) branch: Branch,
    pub(in crate::review) index: u32,
}

/// A derivation that claims to be ours, and is not true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::review) struct FalseClaim {
    pub(in crate::review) source: KeySource,
    pub(in crate::review) fault: DerivationFault,
}

/// After so many false claims about one script no more are looked at: it is refused as it is.
const FALSE_CLAIMS: usize = 4;

/// So many derivations that do not claim to be ours are tried for one script: more than a script of
/// several signers has keys, and no more, as each costs a derivation. What is not found is not
/// ours.
const UNCLAIMED: usize = 32;

/// A key that a PSBT lists with its derivation.
#[derive(Clone, Copy)]
pub(in crate::review) enum ListedKey {
    Full(PublicKey),
    XOnly(XOnlyPublicKey),
}

/// The known wallets, by the paths of their accounts.
pub(in crate::review) struct Wallets<'a> {
    known: &'a [KnownWallet<'a>],
    by_account: HashMap<&'a [ChildNumber], Vec<usize>>,
    fingerprints: HashSet<Fingerprint>,
    budget: &'a Budget,
}

impl<'a> Wallets<'a> {
    pub(in crate::review) fn new(known: &'a [KnownWallet<'a>], budget: &'a Budget) -> Self {
        let mut by_account: HashMap<&[ChildNumber], Vec<usize>> = HashMap::new();
        for (index, known) in known.iter().enumerate() {
            for key in known.wallet.keys() {
                by_account.entry(key.path.as_ref()).or_default().push(index);
            }
        }
        let fingerprints = known
            .iter()
            .flat_map(|known| known.wallet.keys())
            .map(|key| key.fingerprint)
            .collect();
        Self {
            known,
            by_account,
            fingerprints,
            budget,
        }
    }

    pub(in crate::review) fn get(&self, owner: &Owner) -> Option<&'a Wallet> {
        self.known.get(owner.wallet).map(|known| known.wallet)
    }

    /// Spends a derivation; tells whether it may be done.
    pub(in crate::review) fn may_derive(&self) -> bool {
        self.budget.spend(Work::Derivations, 1)
    }

    /// Returns the owner of a script, if one of the listed derivations leads to it, and the listed
    /// derivations that claim to be ours and are wrong: the search ends at the fourth, for a PSBT
    /// has room for a million.
    pub(in crate::review) fn examine<'k>(
        &self,
        script: Option<&Script>,
        listed: impl Iterator<Item = (ListedKey, &'k KeySource)>,
    ) -> (Option<Owner>, Vec<FalseClaim>) {
        // Nothing to hold them against; that the coin is unknown is refused by itself.
        let Some(script) = script else {
            return (None, Vec::new());
        };
        let mut owner = None;
        let mut false_claims = Vec::new();
        let mut unclaimed = 0;
        for (key, source) in listed {
            let claimed = self.claims(source);
            let candidates = self.candidates(claimed, source);
            if !claimed && !candidates.is_empty() {
                unclaimed += 1;
                if unclaimed > UNCLAIMED {
                    continue;
                }
            }
            let (found, fault) = self.examine_one(script, key, claimed, candidates);
            owner = owner.or(found);
            false_claims.extend(fault.map(|fault| FalseClaim {
                source: source.clone(),
                fault,
            }));
            if false_claims.len() == FALSE_CLAIMS {
                break;
            }
        }
        (owner, false_claims)
    }

    fn claims(&self, (fingerprint, _): &KeySource) -> bool {
        // Zero stands for "unknown".
        *fingerprint != Fingerprint::default() && self.fingerprints.contains(fingerprint)
    }

    /// A fingerprint is four bytes that anybody can write or find by trying. A derivation with
    /// another one than ours is tried with every wallet that its path leads into, and is no claim
    /// if its key is not ours.
    fn examine_one(
        &self,
        script: &Script,
        key: ListedKey,
        claimed: bool,
        candidates: Vec<(usize, Branch, u32)>,
    ) -> (Option<Owner>, Option<DerivationFault>) {
        let mut fault = claimed.then_some(DerivationFault::UnknownPath);
        for (wallet, branch, index) in candidates {
            let Some(known) = self.known.get(wallet).filter(|_| self.may_derive()) else {
                continue;
            };
            // Derived once for key and script: of 2,500 keys of ours, that halved the time of the
            // review (190 to 97 ms).
            let own = known.wallet.public_key(branch, index).ok();
            let key_is_ours = own.is_some_and(|own| is_key(known.wallet, own, key));
            let script_is_ours = own.is_some_and(|own| *known.wallet.script_of_key(own) == *script);
            let owner = script_is_ours.then_some(Owner {
                wallet,
                branch,
                index,
            });
            match (script_is_ours, key_is_ours) {
                (true, true) => return (owner, None),
                (true, false) => return (owner, Some(DerivationFault::KeyDiffers)),
                (false, true) => fault = Some(DerivationFault::ScriptDiffers),
                (false, false) if claimed => fault = Some(DerivationFault::KeyDiffers),
                (false, false) => {}
            }
        }
        (None, fault)
    }

    /// Returns the wallets and places that a path can mean; of the fingerprint's wallets only,
    /// where it is one of ours.
    fn candidates(
        &self,
        claimed: bool,
        (fingerprint, path): &KeySource,
    ) -> Vec<(usize, Branch, u32)> {
        let steps: &[ChildNumber] = path.as_ref();
        let Some((
            account,
            [
                ChildNumber::Normal { index: step },
                ChildNumber::Normal { index },
            ],
        )) = steps.split_last_chunk::<2>()
        else {
            return Vec::new();
        };
        let Some(branch) = Branch::from_step(*step) else {
            return Vec::new();
        };
        let fits = |wallet: &&usize| {
            let known = self.known.get(**wallet);
            let is_origin = |key: WalletKey<'_>| {
                key.path.as_ref() == account && (!claimed || key.fingerprint == *fingerprint)
            };
            known.is_some_and(|known| known.wallet.keys().any(is_origin))
        };
        let wallets = self
            .by_account
            .get(account)
            .map(Vec::as_slice)
            .unwrap_or_default();
        wallets
            .iter()
            .filter(fits)
            .map(|wallet| (*wallet, branch, *index))
            .collect()
    }
}

/// Returns whether a listed key is the wallet's own.
fn is_key(wallet: &Wallet, own: bitcoin::secp256k1::PublicKey, listed: ListedKey) -> bool {
    let own_x = || own.x_only_public_key().0;
    match listed {
        ListedKey::XOnly(key) => key == own_x(),
        ListedKey::Full(key) if wallet.kind() == WalletKind::Single(ScriptType::Taproot) => {
            key.inner.x_only_public_key().0 == own_x()
        }
        ListedKey::Full(key) => key.compressed && key.inner == own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::testing::{OUR_WORDS, THEIR_WORDS, wallet};

    /// Each of them costs a derivation, and a PSBT has room for a million.
    #[test]
    fn after_32_unclaimed_derivations_no_more_are_tried() {
        let ours = wallet(OUR_WORDS, ScriptType::Segwit, 0);
        let theirs = wallet(THEIR_WORDS, ScriptType::Segwit, 0);
        let known = [KnownWallet {
            wallet: &ours,
            highest_change_seen: None,
            highest_receive_seen: None,
        }];
        let budget = Budget::default();
        let wallets = Wallets::new(&known, &budget);
        let unclaimed = |wallet: &Wallet, index: u32| {
            let (key, (_, path)) = wallet.key_origin(Branch::Receive, index).unwrap();
            (
                ListedKey::Full(PublicKey::new(key)),
                (Fingerprint::default(), path),
            )
        };
        let script = ours.script_pubkey(Branch::Receive, 7).unwrap();
        let after = |others: u32| {
            let mut listed: Vec<_> = (100..100 + others)
                .map(|index| unclaimed(&theirs, index))
                .collect();
            listed.push(unclaimed(&ours, 7));
            wallets.examine(
                Some(&script),
                listed.iter().map(|(key, source)| (*key, source)),
            )
        };
        let owner = Owner {
            wallet: 0,
            branch: Branch::Receive,
            index: 7,
        };
        assert_eq!(after(31), (Some(owner), Vec::new()));
        assert_eq!(after(32), (None, Vec::new()));
    }

    /// Without the coin's script there is nothing to find, whatever claims to be ours.
    #[test]
    fn without_a_script_no_derivation_is_looked_at() {
        let ours = wallet(OUR_WORDS, ScriptType::Segwit, 0);
        let known = [KnownWallet {
            wallet: &ours,
            highest_change_seen: None,
            highest_receive_seen: None,
        }];
        let (key, source) = ours.key_origin(Branch::Receive, 7).unwrap();
        let mut taken = 0;
        let listed = (0..5).map(|_| {
            taken += 1;
            (ListedKey::Full(PublicKey::new(key)), &source)
        });
        let budget = Budget::default();
        assert_eq!(
            Wallets::new(&known, &budget).examine(None, listed),
            (None, Vec::new())
        );
        assert_eq!(taken, 0);
    }
}
