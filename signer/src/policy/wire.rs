//! The policy in CBOR, as the vault's body holds it.

use minicbor::{Decode, Encode};

use super::machine::{self, MachinePolicy};
use super::{Amounts, FeeBounds, MachinePolicies, Policy, Raised};

/// The version that this program reads and writes.
const VERSION: u32 = 1;

/// The sealed bytes are no policy that this program can follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PolicyError {
    /// A newer program wrote it: its rules would be lost.
    #[error("the vault's policy has version {0}, and this program reads version 1")]
    NewerVersion(u32),
    /// It is no policy, or holds what this program does not know.
    #[error("the vault's policy cannot be read")]
    Malformed,
}

#[derive(Decode)]
struct WireVersion {
    #[n(0)]
    version: u32,
}

#[derive(Encode, Decode)]
struct Wire {
    #[n(0)]
    version: u32,
    #[n(1)]
    amounts: WireAmounts,
    #[n(2)]
    only_signer: bool,
    /// Ascending by code, none twice.
    #[n(3)]
    severities: Vec<WireSeverity>,
    #[n(4)]
    max_fee_sat: Option<u64>,
    #[n(5)]
    max_sat_per_vb: Option<u64>,
    /// In order, none twice, none refused.
    #[n(6)]
    machine: Vec<WireStance>,
}

#[derive(Encode, Decode)]
#[cbor(index_only)]
enum WireAmounts {
    #[n(0)]
    Proven,
    #[n(1)]
    Remembered,
}

#[derive(Encode, Decode)]
struct WireSeverity {
    #[n(0)]
    code: String,
    #[n(1)]
    raised: WireRaised,
}

#[derive(Encode, Decode)]
struct WireStance {
    #[n(0)]
    unfit: String,
    #[n(1)]
    stance: String,
}

#[derive(Encode, Decode)]
#[cbor(index_only)]
enum WireRaised {
    #[n(1)]
    Warning,
    #[n(2)]
    Refusal,
}

impl Policy {
    /// Encodes the policy; none when nothing differs from the default.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        (*self != Policy::default()).then(|| self.to_bytes())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let severities = self.severities.iter().map(|(code, raised)| WireSeverity {
            code: code.clone(),
            raised: match raised {
                Raised::Warning => WireRaised::Warning,
                Raised::Refusal => WireRaised::Refusal,
            },
        });
        let wire = Wire {
            version: VERSION,
            amounts: match self.amounts {
                Amounts::Proven => WireAmounts::Proven,
                Amounts::Remembered => WireAmounts::Remembered,
            },
            only_signer: self.only_signer,
            severities: severities.collect(),
            max_fee_sat: self.fee.max_sat,
            max_sat_per_vb: self.fee.max_sat_per_vb,
            machine: self
                .machine
                .permitted()
                .map(|(kind, stance)| WireStance {
                    unfit: kind.to_string(),
                    stance: stance.to_string(),
                })
                .collect(),
        };
        minicbor::to_vec(&wire).expect("encoding into memory does not fail")
    }

    /// Decodes what the body holds.
    ///
    /// # Errors
    ///
    /// When it is anything but the bytes that [`encode`](Self::encode) gives: a rule that is not
    /// understood must not be lost.
    pub(crate) fn decode(bytes: Option<&[u8]>) -> Result<Self, PolicyError> {
        let Some(bytes) = bytes else {
            return Ok(Policy::default());
        };
        let malformed = |_| PolicyError::Malformed;
        let version = minicbor::decode::<WireVersion>(bytes)
            .map_err(malformed)?
            .version;
        if version != VERSION {
            return Err(PolicyError::NewerVersion(version));
        }
        let wire: Wire = minicbor::decode(bytes).map_err(malformed)?;
        let severities = wire.severities.into_iter().map(|severity| {
            let raised = match severity.raised {
                WireRaised::Warning => Raised::Warning,
                WireRaised::Refusal => Raised::Refusal,
            };
            (severity.code, raised)
        });
        let mut machine = MachinePolicies::default();
        for WireStance { unfit, stance } in &wire.machine {
            machine.set(
                machine::unfit(unfit).ok_or(PolicyError::Malformed)?,
                MachinePolicy::parse(stance).ok_or(PolicyError::Malformed)?,
            );
        }
        let policy = Policy {
            amounts: match wire.amounts {
                WireAmounts::Proven => Amounts::Proven,
                WireAmounts::Remembered => Amounts::Remembered,
            },
            only_signer: wire.only_signer,
            severities: severities.collect(),
            fee: FeeBounds {
                max_sat: wire.max_fee_sat,
                max_sat_per_vb: wire.max_sat_per_vb,
            },
            machine,
        };
        // Fields that are unknown or not in order would not come back.
        match policy.to_bytes() == bytes {
            true => Ok(policy),
            false => Err(PolicyError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::machine::Unfit;

    fn policy() -> Policy {
        let mut machine = MachinePolicies::default();
        machine.set(Unfit::Swap, MachinePolicy::Warn);
        Policy {
            machine,
            amounts: Amounts::Remembered,
            only_signer: true,
            severities: BTreeMap::from([
                ("no-memory".into(), Raised::Refusal),
                ("paid-before".into(), Raised::Refusal),
            ]),
            fee: FeeBounds {
                max_sat: Some(50_000),
                max_sat_per_vb: None,
            },
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for policy in [policy(), Policy::default()] {
            assert_eq!(Policy::decode(policy.encode().as_deref()).unwrap(), policy);
        }
        assert_eq!(Policy::default().encode(), None);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let bytes = policy().encode().unwrap();
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(Policy::decode(Some(&longer)), Err(PolicyError::Malformed));
        for cut in 0..bytes.len() {
            assert!(Policy::decode(Some(&bytes[..cut])).is_err(), "cut at {cut}");
        }
        assert_eq!(bytes[1], 1, "the version follows the array's head");
        let mut newer = bytes.clone();
        newer[1] = 2;
        assert_eq!(
            Policy::decode(Some(&newer)),
            Err(PolicyError::NewerVersion(2))
        );
        // One more field: an array of eight.
        let more = [0x88, 1, 0, 0xf4, 0x80, 0xf6, 0xf6, 0x80, 1];
        assert_eq!(Policy::decode(Some(&more)), Err(PolicyError::Malformed));
        let twice = [
            0x87, 1, 0, 0xf4, 0x82, 0x82, 0x61, b'a', 1, 0x82, 0x61, b'a', 2, 0xf6, 0xf6, 0x80,
        ];
        assert_eq!(Policy::decode(Some(&twice)), Err(PolicyError::Malformed));
    }
}
