//! Whom a vault paid before, found by how their addresses look.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{Address, Script};

use crate::Network;

/// Characters that people compare at each end of an address.
const COMPARED: usize = 4;

/// What bech32 addresses begin with (BIP173), and base58 addresses of no network that we know.
const BECH32: [&str; 3] = ["bc1", "tb1", "bcrt1"];

/// How an address looks to somebody who compares its two ends: its kind, and the first and last
/// four characters of the rest. The kind is what all addresses of a sort share: `bc1q` for bech32,
/// one character for base58.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Look(String);

impl Look {
    fn of(address: &str) -> Option<Self> {
        let prefix = BECH32.iter().find(|prefix| address.starts_with(**prefix));
        // The prefix and the witness version.
        let kind = prefix.map_or(1, |prefix| prefix.len() + 1);
        let (kind, rest) = address.split_at_checked(kind)?;
        let first = rest.get(..COMPARED)?;
        let last = rest.get(rest.len().checked_sub(COMPARED)?..)?;
        Some(Self(format!("{kind} {first} {last}")))
    }
}

/// Addresses that were paid before, by how they look.
///
/// The last characters of a bech32 address are a checksum that anybody can steer with bytes of no
/// use, so that thousands of addresses can be made that look alike: looking one up costs no more
/// for it, and names the one that was there first.
#[derive(Clone, Debug, Default)]
pub struct PayeeIndex(BTreeMap<Look, Alike>);

/// Addresses of one look.
#[derive(Clone, Debug)]
struct Alike {
    earliest: String,
    all: BTreeSet<String>,
}

/// Nobody was paid before.
pub(super) static NOBODY: PayeeIndex = PayeeIndex(BTreeMap::new());

impl PayeeIndex {
    /// Indexes scripts that were paid, the earliest first; those without an address are left out.
    pub fn new<'s>(scripts: impl IntoIterator<Item = &'s Script>, network: Network) -> Self {
        let mut index = Self::default();
        for script in scripts {
            if let Ok(address) = Address::from_script(script, network.to_bitcoin()) {
                index.insert(&address.to_string());
            }
        }
        index
    }

    pub(super) fn insert(&mut self, address: &str) {
        if let Some(look) = Look::of(address) {
            let alike = self.0.entry(look).or_insert_with(|| Alike {
                earliest: address.to_owned(),
                all: BTreeSet::new(),
            });
            alike.all.insert(address.to_owned());
        }
    }

    /// Returns the earliest address that this one looks like without being it; none where this very
    /// address is known.
    pub(super) fn lookalike(&self, address: &str) -> Option<&str> {
        let alike = self.0.get(&Look::of(address)?)?;
        (!alike.all.contains(address)).then_some(&alike.earliest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_the_two_ends_after_the_kind() {
        // Examples of BIP173 and BIP350, and the coinbase of the first block.
        let cases = [
            (
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                "bc1q w508 f3t4",
            ),
            (
                "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
                "tb1q w508 jzsx",
            ),
            (
                "bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp",
                "bcrt1q 6z64 lefp",
            ),
            (
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                "bc1p 0xlx 5jj0",
            ),
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1 A1zP vfNa"),
            ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "3 J98t WNLy"),
            ("mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt", "m kHS9 7ZUt"),
        ];
        for (address, expected) in cases {
            assert_eq!(Look::of(address), Some(Look(expected.into())), "{address}");
        }
        assert_eq!(Look::of(""), None);
        assert_eq!(Look::of("bc1q"), None);
    }

    #[test]
    fn a_known_address_is_no_lookalike_of_another() {
        let (first, second, stranger) = ("bc1qaaaaxxzzzz", "bc1qaaaayyzzzz", "bc1qaaaa00zzzz");
        let mut index = PayeeIndex::default();
        assert_eq!(index.lookalike(first), None);
        index.insert(second);
        assert_eq!(index.lookalike(first), Some(second));
        index.insert(first);
        assert_eq!(index.lookalike(first), None);
        assert_eq!(index.lookalike(second), None);
        assert_eq!(
            index.lookalike(stranger),
            Some(second),
            "the one that was there first"
        );
        assert_eq!(index.lookalike("bc1paaaa00zzzz"), None, "another kind");
        assert_eq!(index.lookalike("bc1qaaaa00zzz0"), None, "another end");
    }
}
