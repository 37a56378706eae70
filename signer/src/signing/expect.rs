//! What another machine made of the same files, held against what this one made.
//!
//! Signatures are deterministic (RFC 6979 with low-R grinding; BIP340 with zero auxiliary
//! randomness), so that two honest machines with the same keys make the same bytes. A program that
//! leaks keys through its nonces does not.

use std::collections::HashMap;

use bitcoin::Txid;
use cofferdam_core::psbt::{Difference, Limits, Parsed, Presence, PsbtError};

use super::sign::Signed;
use crate::protocol::PsbtFile;

/// What another machine made, by transaction.
pub(crate) struct Expected(HashMap<Txid, (String, Parsed)>);

/// Why two machines do not agree.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Disagreement {
    /// A file does not parse, although the intake could.
    #[error("{file}: {error}")]
    Unparsable {
        /// The file.
        file: String,
        /// What is wrong.
        error: PsbtError,
    },
    /// Two files have the same transaction.
    #[error("{file} and {other} are of the same transaction {txid}")]
    Twice {
        /// The second file.
        file: String,
        /// The first file.
        other: String,
        /// The transaction.
        txid: Txid,
    },
    /// The other machine signed other transactions.
    #[error("nothing was given that another machine made of transaction {0}")]
    Missing(Txid),
    /// The other machine signed a transaction that is not in this run.
    #[error("{file} is of transaction {txid}, which is not in this run")]
    NotInThisRun {
        /// The file.
        file: String,
        /// Its transaction.
        txid: Txid,
    },
    /// The bytes differ.
    #[error("{file} differs from what this machine made: {difference}{}", only_in(&.difference.present))]
    Differs {
        /// The file.
        file: String,
        /// Where.
        difference: Difference,
    },
}

fn only_in(present: &Presence) -> &'static str {
    match present {
        Presence::Both => "",
        Presence::FirstOnly => " (only in what was given)",
        Presence::SecondOnly => " (not in what was given)",
    }
}

impl Expected {
    /// Reads what another machine made of these transactions: one PSBT of each, and of no others.
    pub(crate) fn of(files: &[PsbtFile], run: &[Txid]) -> Result<Self, Disagreement> {
        let mut expected: HashMap<Txid, (String, Parsed)> = HashMap::with_capacity(files.len());
        for file in files {
            let name = file.path.display().to_string();
            let parsed = match Parsed::parse(&file.bytes.0, &Limits::DEFAULT) {
                Ok(parsed) => parsed,
                Err(error) => return Err(Disagreement::Unparsable { file: name, error }),
            };
            let txid = parsed.txid();
            if !run.contains(&txid) {
                return Err(Disagreement::NotInThisRun { file: name, txid });
            }
            if let Some((other, _)) = expected.get(&txid) {
                let other = other.clone();
                return Err(Disagreement::Twice {
                    file: name,
                    other,
                    txid,
                });
            }
            expected.insert(txid, (name, parsed));
        }
        match run.iter().find(|txid| !expected.contains_key(*txid)) {
            Some(missing) => Err(Disagreement::Missing(*missing)),
            None => Ok(Expected(expected)),
        }
    }

    /// Compares with what this machine made, byte for byte.
    pub(crate) fn confirm(&self, signed: &[Signed]) -> Result<(), Disagreement> {
        for made in signed {
            let (file, given) = self
                .0
                .get(&made.txid)
                .ok_or(Disagreement::Missing(made.txid))?;
            let made = Parsed::parse(&made.psbt, &Limits::DEFAULT).map_err(|error| {
                Disagreement::Unparsable {
                    file: "what this machine made".into(),
                    error,
                }
            })?;
            if let Some(difference) = given.first_difference(&made) {
                let file = file.clone();
                return Err(Disagreement::Differs { file, difference });
            }
        }
        Ok(())
    }
}
