//! Which part of a transaction a finding is about.

use std::fmt;

use bitcoin::Txid;
use serde::{Deserialize, Serialize};

/// Which part of a transaction a finding is about. Written as `transaction`, `input 3`, `output 0`,
/// `run` (several transactions at once); inputs and outputs count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// The transaction as a whole.
    Transaction,
    /// The run of several transactions as a whole.
    Run,
    /// An input.
    Input(usize),
    /// An output.
    Output(usize),
    /// An input of one of several transactions, by its unsigned txid.
    RunInput(Txid, usize),
    /// An output of one of several transactions, by its unsigned txid.
    RunOutput(Txid, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Transaction => f.write_str("transaction"),
            Place::Run => f.write_str("run"),
            Place::Input(index) => write!(f, "input {index}"),
            Place::Output(index) => write!(f, "output {index}"),
            Place::RunInput(txid, index) => write!(f, "{txid} input {index}"),
            Place::RunOutput(txid, index) => write!(f, "{txid} output {index}"),
        }
    }
}

impl From<Place> for String {
    fn from(place: Place) -> String {
        place.to_string()
    }
}

/// The text names no part of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no place in a transaction; write transaction, run, input N or output N, after a txid where there are several"
)]
pub struct InvalidPlace;

impl TryFrom<String> for Place {
    type Error = InvalidPlace;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let index = |text: &str| text.parse().map_err(|_| InvalidPlace);
        let words: Vec<&str> = text.split(' ').collect();
        let txid = |text: &str| text.parse().map_err(|_| InvalidPlace);
        match words.as_slice() {
            ["transaction"] => Ok(Place::Transaction),
            ["run"] => Ok(Place::Run),
            ["input", n] => Ok(Place::Input(index(n)?)),
            ["output", n] => Ok(Place::Output(index(n)?)),
            [id, "input", n] => Ok(Place::RunInput(txid(id)?, index(n)?)),
            [id, "output", n] => Ok(Place::RunOutput(txid(id)?, index(n)?)),
            _ => Err(InvalidPlace),
        }
    }
}
