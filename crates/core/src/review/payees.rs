//! Whom a vault paid before, found by how their addresses look.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{Address, Script, ScriptBuf};

use crate::Network;

/// Characters that people compare at each end of an address.
const COMPARED: usize = 4;

/// How an address looks to somebody who compares its two ends: its kind, and the first and last four characters of the
/// rest. The kind is what all addresses of a sort share: `bc1q` for bech32, one character for base58.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Look(String);

impl Look {
    /// Returns how the address of a script looks; none where it has no address.
    pub(super) fn of(script: &Script, network: Network) -> Option<Self> {
        let address = Address::from_script(script, network.to_bitcoin())
            .ok()?
            .to_string();
        // Base58 knows no witness program, and bech32 separates its prefix with the last 1, which its data never holds.
        let kind = match script.is_witness_program() {
            true => address.rfind('1')? + 2,
            false => 1,
        };
        let (kind, rest) = address.split_at_checked(kind)?;
        let first = rest.get(..COMPARED)?;
        let last = rest.get(rest.len().checked_sub(COMPARED)?..)?;
        Some(Self(format!("{kind} {first} {last}")))
    }
}

/// Scripts that were paid before, by how their addresses look.
///
/// The last characters of a bech32 address are a checksum that anybody can steer with bytes of no use, so that thousands of
/// addresses can be made that look alike: looking one up costs no more for it.
#[derive(Clone, Debug, Default)]
pub struct PayeeIndex(BTreeMap<Look, BTreeSet<ScriptBuf>>);

/// Nobody was paid before.
pub(super) static NOBODY: PayeeIndex = PayeeIndex(BTreeMap::new());

impl PayeeIndex {
    /// Indexes scripts that were paid; those without an address are left out.
    pub fn new<'s>(scripts: impl IntoIterator<Item = &'s Script>, network: Network) -> Self {
        let mut index = Self::default();
        for script in scripts {
            if let Some(look) = Look::of(script, network) {
                index.insert(look, script);
            }
        }
        index
    }

    pub(super) fn insert(&mut self, look: Look, script: &Script) {
        self.0.entry(look).or_default().insert(script.to_owned());
    }

    /// Returns a script whose address looks like this one's and is not; none where this very script is known.
    pub(super) fn lookalike(&self, look: &Look, script: &Script) -> Option<&Script> {
        let alike = self.0.get(look)?;
        match alike.contains(script) {
            true => None,
            false => alike.first().map(ScriptBuf::as_script),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(address: &str) -> ScriptBuf {
        let address: Address<bitcoin::address::NetworkUnchecked> = address.parse().unwrap();
        address.assume_checked().script_pubkey()
    }

    #[test]
    fn looks_are_the_two_ends_after_the_kind() {
        // Examples of BIP173 and BIP350, and the coinbase of the first block.
        let cases = [
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1q w508 f3t4"),
            (
                "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
                "bc1q rp33 fmv3",
            ),
            (
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                "bc1p 0xlx 5jj0",
            ),
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1 A1zP vfNa"),
            ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "3 J98t WNLy"),
        ];
        for (address, expected) in cases {
            let look = Look::of(&script(address), Network::Mainnet);
            assert_eq!(look, Some(Look(expected.into())), "{address}");
        }
        assert_eq!(Look::of(Script::new(), Network::Mainnet), None);
        assert_eq!(
            Look::of(Script::from_bytes(&[0x6a, 1, 2]), Network::Mainnet),
            None
        );
    }
}
