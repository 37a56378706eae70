//! What a vault holds beside its secrets: the journal keeps it with each write that changes it.

use minicbor::{Decode, Encode};

use super::{Backup, Body, BodyError, WireAccount, WireWallet};
use crate::memory_state::MemoryState;
use crate::policy::Policy;

/// The version that this program reads and writes.
const VERSION: u32 = 1;

/// Everything of the body that is neither a secret nor fixed for ever nor the checkpoint.
#[derive(Encode, Decode)]
struct Wire {
    #[n(0)]
    version: u32,
    #[n(1)]
    accounts: Vec<WireAccount>,
    #[n(2)]
    wallets: Vec<WireWallet>,
    #[cbor(n(3), with = "minicbor::bytes")]
    policy: Option<Vec<u8>>,
    #[n(4)]
    memory: MemoryState,
    #[n(5)]
    backup: Backup,
}

#[derive(Decode)]
struct WireVersion {
    #[n(0)]
    version: u32,
}

/// The parts of a body's state, encoded, to see which of them changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts([(&'static str, Vec<u8>); 5]);

impl Parts {
    /// Returns the names of those that are others in `now`.
    pub(crate) fn changed(&self, now: &Parts) -> Vec<String> {
        let pairs = self.0.iter().zip(&now.0);
        pairs
            .filter(|(before, now)| before.1 != now.1)
            .map(|(before, _)| before.0.to_owned())
            .collect()
    }
}

impl Body {
    /// Returns the parts of the state.
    pub(crate) fn parts(&self) -> Parts {
        let wire = self.wire_state();
        Parts([
            ("accounts", encoded(&wire.accounts)),
            ("wallets", encoded(&wire.wallets)),
            ("policy", wire.policy.clone().unwrap_or_default()),
            ("memory", encoded(&wire.memory)),
            ("backup", encoded(&wire.backup)),
        ])
    }

    /// Encodes the state for the journal.
    pub(crate) fn state(&self) -> Vec<u8> {
        encoded(&self.wire_state())
    }

    /// Takes over a state that the journal kept.
    ///
    /// # Errors
    ///
    /// When it is of a newer version, or nothing that this program wrote.
    pub(crate) fn take_state(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        let malformed = |_| BodyError::Malformed("state");
        let version = minicbor::decode::<WireVersion>(bytes)
            .map_err(malformed)?
            .version;
        if version != VERSION {
            return Err(BodyError::NewerVersion(version));
        }
        let wire: Wire = minicbor::decode(bytes).map_err(malformed)?;
        let accounts = wire.accounts.iter().map(WireAccount::account);
        let accounts = accounts.collect::<Result<_, _>>()?;
        let wallets = wire
            .wallets
            .iter()
            .map(|wallet| wallet.registered(self.network));
        let wallets = wallets.collect::<Result<_, _>>()?;
        self.policy = Policy::decode(wire.policy.as_deref())?;
        self.accounts = accounts;
        self.wallets = wallets;
        self.memory = wire.memory;
        self.backup = wire.backup;
        Ok(())
    }

    fn wire_state(&self) -> Wire {
        Wire {
            version: VERSION,
            accounts: self.accounts.iter().map(WireAccount::from).collect(),
            wallets: self.wallets.iter().map(WireWallet::from).collect(),
            policy: self.policy.encode(),
            memory: self.memory,
            backup: self.backup,
        }
    }
}

fn encoded(value: &impl Encode<()>) -> Vec<u8> {
    minicbor::to_vec(value).expect("encoding into memory does not fail")
}

#[cfg(test)]
mod tests {
    use super::super::tests::body;
    use super::*;

    /// Everything of the body but the secrets, the network and the checkpoint comes back from its
    /// state.
    #[test]
    fn a_state_holds_all_that_a_write_can_change() {
        let written = body();
        let mut other = body();
        other.accounts.clear();
        other.wallets.clear();
        other.policy = Policy::default();
        other.memory = MemoryState::Complete;
        other.backup = Backup::Declined;
        assert_eq!(
            other.parts().changed(&written.parts()),
            ["accounts", "wallets", "policy", "memory", "backup"]
        );
        other.take_state(&written.state()).unwrap();
        assert_eq!(other.encode(), written.encode());
        assert_eq!(
            other.parts().changed(&written.parts()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_state_holds_no_secret() {
        let state = body().state();
        assert!(!state.windows(16).any(|window| window == [7; 16]));
        assert!(!state.windows(5).any(|window| window == b"extra"));
    }

    #[test]
    fn a_newer_or_broken_state_is_refused() {
        let mut state = body().state();
        state[1] = 2;
        assert_eq!(body().take_state(&state), Err(BodyError::NewerVersion(2)));
        assert_eq!(
            body().take_state(b"\x80"),
            Err(BodyError::Malformed("state"))
        );
    }
}
