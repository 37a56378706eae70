//! What a command prints when it succeeds.

use std::io::Write;
use std::process::ExitCode;

use cofferdam_core::sanitize;
use serde::Serialize;
use serde_json::Value;

/// The answer of a command: a JSON document and a text that say the same.
#[derive(Debug)]
pub enum Reply {
    /// For `--json` and for people.
    Both {
        /// The document.
        json: Value,
        /// The text, which ends with a newline.
        text: String,
        /// The text's lines are not broken: it is to be copied, and holds nothing that others
        /// wrote.
        verbatim: bool,
    },
    /// The same with and without `--json`, such as a completion script.
    Raw(String),
}

impl Reply {
    /// Makes a reply from a value that serialises to the document, and its text.
    pub fn new(document: &impl Serialize, text: impl Into<String>) -> Self {
        // Our own types have string keys and no failing fields.
        let json = serde_json::to_value(document).unwrap_or(Value::Null);
        Reply::Both {
            json,
            text: text.into(),
            verbatim: false,
        }
    }

    /// Makes a reply whose text is to be copied, such as a descriptor: its lines are not broken.
    pub fn verbatim(document: &impl Serialize, text: impl Into<String>) -> Self {
        match Reply::new(document, text) {
            Reply::Both { json, text, .. } => Reply::Both {
                json,
                text,
                verbatim: true,
            },
            raw => raw,
        }
    }

    /// Makes a reply that has no JSON form.
    pub fn raw(text: String) -> Self {
        Reply::Raw(text)
    }

    pub(super) fn print(&self, as_json: bool) -> ExitCode {
        let text = match self {
            Reply::Both { json, .. } if as_json => sanitize::json(json) + "\n",
            Reply::Both {
                text,
                verbatim: false,
                ..
            } => sanitize::folded(text),
            Reply::Both { text, .. } | Reply::Raw(text) => text.clone(),
        };
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => ExitCode::SUCCESS,
            // The reader has gone, as in `| head`.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: cannot write to standard output: {error}");
                ExitCode::from(crate::error::Exit::Storage as u8)
            }
        }
    }
}

/// Formats an amount for people: `0.01234567 BTC`.
pub fn btc(amount: bitcoin::Amount) -> String {
    format!(
        "{:.8} BTC",
        amount.display_in(bitcoin::Denomination::Bitcoin)
    )
}
