//! What is wrong with a payout list, where, and what to do about it.

use std::collections::HashMap;
use std::fmt;

use cofferdam_core::sanitize::neutralised;

use super::address::AddressError;
use super::amount::AmountError;
use super::{MAX_FILE_BYTES, MAX_PAYMENTS, PayoutId};

/// The most problems that are listed; the others are counted.
pub(crate) const MAX_LISTED: usize = 100;

/// Where a problem is. Lines and items count from 1; a record over several lines has the line it
/// begins on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The file as a whole.
    File,
    /// A line of text.
    Line(u64),
    /// An entry of a JSON array or object.
    Item(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => f.write_str("file"),
            Place::Line(line) => write!(f, "line {line}"),
            Place::Item(item) => write!(f, "item {item}"),
        }
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {cause}")]
pub(crate) struct Problem {
    /// Where.
    pub(crate) place: Place,
    /// What.
    pub(crate) cause: Cause,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Cause {
    #[error("the file has {bytes} bytes, more than {MAX_FILE_BYTES}")]
    FileTooLarge { bytes: usize },
    #[error("the list has more than {MAX_PAYMENTS} payments")]
    TooManyPayments,
    #[error("the file has no payments")]
    NoPayments,
    #[error("the payments add up to more than 21 million bitcoin")]
    SumTooLarge,
    #[error("the text is UTF-16 or UTF-32")]
    Utf16,
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("the text holds a NUL byte")]
    NulByte,
    #[error("columns are separated by {0}")]
    Separator(&'static str),
    #[error("a line ends with a bare carriage return")]
    BareCarriageReturn,
    #[error("a quotation mark stands inside an unquoted cell")]
    StrayQuote,
    #[error("text follows a closing quotation mark")]
    TextAfterQuote,
    #[error("a quoted cell is never closed")]
    UnclosedQuote,
    #[error("the row has {found} cells, the header has {expected}")]
    CellCount { expected: usize, found: usize },
    #[error("the row is empty")]
    EmptyRow,
    #[error("there is no header line")]
    NoHeader,
    #[error("column {0} is missing")]
    MissingColumn(String),
    #[error("column {0} is unknown")]
    UnknownColumn(String),
    #[error("column {0} occurs twice")]
    DuplicateColumn(String),
    #[error("{column} is empty")]
    EmptyCell { column: &'static str },
    #[error("{column} has spaces around its value")]
    Spaces { column: &'static str },
    #[error("{column} is longer than {most} bytes")]
    CellTooLong { column: &'static str, most: usize },
    #[error("{column} holds an invisible or control character (U+{character:04X})")]
    ControlCharacter {
        column: &'static str,
        character: u32,
    },
    #[error("payout_id holds {0}, which is not printable ASCII")]
    IdCharacter(String),
    #[error("payout_id {id} is already on {first}")]
    DuplicateId { id: PayoutId, first: Place },
    #[error("unit {0} is unknown")]
    Unit(String),
    #[error(transparent)]
    Amount(#[from] AmountError),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("the line is not \"address, amount\"")]
    NotAPair,
    #[error("\"script(...)\" pays to a raw script")]
    RawScript,
    #[error("the table cannot be read: {0}")]
    Table(String),
    #[error("the file is not a JSON array or object of outputs: {0}")]
    Json(String),
    #[error("the entry is not one \"address\": amount")]
    NotAnOutput,
    #[error("the entry is a \"data\" output, not a payment")]
    DataOutput,
    #[error("the amount is neither a number nor a string")]
    AmountType,
}

impl Cause {
    /// Returns the stable, kebab-case code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Cause::FileTooLarge { .. } => "list-too-large",
            Cause::TooManyPayments => "too-many-payments",
            Cause::NoPayments => "no-payments",
            Cause::SumTooLarge => "sum-too-large",
            Cause::Utf16 => "utf16",
            Cause::NotUtf8 => "not-utf8",
            Cause::NulByte => "nul-byte",
            Cause::Separator(_) => "wrong-separator",
            Cause::BareCarriageReturn => "bare-carriage-return",
            Cause::StrayQuote | Cause::TextAfterQuote => "stray-quote",
            Cause::UnclosedQuote => "unclosed-quote",
            Cause::CellCount { .. } => "cell-count",
            Cause::EmptyRow => "empty-row",
            Cause::NoHeader => "no-header",
            Cause::MissingColumn(_) => "missing-column",
            Cause::UnknownColumn(_) => "unknown-column",
            Cause::DuplicateColumn(_) => "duplicate-column",
            Cause::EmptyCell { .. } => "empty-cell",
            Cause::Spaces { .. } => "spaces-around-value",
            Cause::CellTooLong { .. } => "cell-too-long",
            Cause::ControlCharacter { .. } => "control-character",
            Cause::IdCharacter(_) => "payout-id-character",
            Cause::DuplicateId { .. } => "duplicate-payout-id",
            Cause::Unit(_) => "unknown-unit",
            Cause::Amount(error) => error.code(),
            Cause::Address(error) => error.code(),
            Cause::NotAPair => "not-a-pair",
            Cause::RawScript => "raw-script",
            Cause::Table(_) => "not-a-table",
            Cause::Json(_) => "not-json-outputs",
            Cause::NotAnOutput => "not-an-output",
            Cause::DataOutput => "data-output",
            Cause::AmountType => "amount-type",
        }
    }

    /// Returns the remedy.
    pub(crate) fn hint(&self) -> String {
        match self {
            Cause::FileTooLarge { .. } | Cause::TooManyPayments => "split the list into several files".into(),
            Cause::NoPayments => "add at least one payment below the header".into(),
            Cause::SumTooLarge => "check the units: are satoshi amounts marked as btc?".into(),
            Cause::Utf16 => "save the file as UTF-8 (in Excel: \"CSV UTF-8\")".into(),
            Cause::NotUtf8 => "save the file as UTF-8; this looks like an older encoding".into(),
            Cause::NulByte => "export the list again; this file is damaged or not text".into(),
            Cause::Separator(_) => "separate columns with commas, and write decimals with a point".into(),
            Cause::BareCarriageReturn => "save the file with LF or CRLF line ends".into(),
            Cause::StrayQuote | Cause::TextAfterQuote => {
                "enclose the whole cell in quotation marks, and double those inside it (RFC 4180)".into()
            }
            Cause::UnclosedQuote => "close the quotation mark that opens on this line".into(),
            Cause::CellCount { .. } => "give every row one cell for each column; quote cells with commas".into(),
            Cause::EmptyRow => "delete the row".into(),
            Cause::NoHeader => {
                "begin with the line payout_id,address,amount,unit (name and reference are optional)".into()
            }
            Cause::MissingColumn(column) => format!("add {column} to the header, and its cell to every row"),
            Cause::UnknownColumn(column) if column.trim() != column || column.to_lowercase() != *column => {
                "write column names in lower case, without spaces".into()
            }
            Cause::UnknownColumn(_) => {
                "remove the column; known are payout_id, address, amount, unit, name, reference".into()
            }
            Cause::DuplicateColumn(_) => "keep one of them".into(),
            Cause::EmptyCell { column } => format!("fill in {column}"),
            Cause::Spaces { .. } => "remove the spaces".into(),
            Cause::CellTooLong { .. } => "shorten the value".into(),
            Cause::ControlCharacter { .. } => {
                "retype the value; hidden characters can make a screen show something else".into()
            }
            Cause::IdCharacter(_) => "use ASCII letters, digits and punctuation".into(),
            Cause::DuplicateId { .. } => "give each payment an id of its own, or remove the repeated row".into(),
            Cause::Unit(found) if found.eq_ignore_ascii_case("sat") || found.eq_ignore_ascii_case("btc") => {
                "write the unit in lower case: sat or btc".into()
            }
            Cause::Unit(_) => "write sat or btc in the unit column".into(),
            Cause::Amount(error) => error.hint().into(),
            Cause::Address(error) => error.hint().into(),
            Cause::NotAPair => "write one \"address, amount\" on each line".into(),
            Cause::RawScript => "pay to an address".into(),
            Cause::Json(_) => {
                "give the outputs as Bitcoin Core takes them: [{\"address\": amount}, ...] or {\"address\": amount, ...}"
                    .into()
            }
            Cause::Table(_) => "export the list again as CSV (RFC 4180)".into(),
            Cause::NotAnOutput => "write each entry as {\"address\": amount}".into(),
            Cause::DataOutput => "remove it: a payout list holds payments alone".into(),
            Cause::AmountType => "write the amount as a number or a string".into(),
        }
    }
}

/// A list that was refused: its problems in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImportError {
    /// The first [`MAX_LISTED`] problems.
    pub(crate) problems: Vec<Problem>,
    /// How many there are in all.
    pub(crate) total: usize,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.total {
            1 => f.write_str("the payout list has a problem; nothing was imported")?,
            total => write!(
                f,
                "the payout list has {total} problems; nothing was imported"
            )?,
        }
        for problem in &self.problems {
            write!(f, "\n  {problem}; {}", problem.cause.hint())?;
        }
        match self.total.saturating_sub(self.problems.len()) {
            0 => Ok(()),
            others => write!(f, "\n  and {others} more"),
        }
    }
}

impl std::error::Error for ImportError {}

/// Problems as they are found.
#[derive(Debug, Default)]
pub(super) struct Problems {
    listed: Vec<Problem>,
    total: usize,
    ids: HashMap<PayoutId, Place>,
}

impl Problems {
    /// Takes a row's identifier, and notes a problem when an earlier row has it.
    pub(super) fn take_id(
        &mut self,
        place: Place,
        id: Result<Option<PayoutId>, Cause>,
    ) -> Option<Option<PayoutId>> {
        let id = self.take(place, id)?;
        if let Some(id) = &id {
            match self.ids.get(id) {
                Some(first) => self.add(
                    place,
                    Cause::DuplicateId {
                        id: id.clone(),
                        first: *first,
                    },
                ),
                None => drop(self.ids.insert(id.clone(), place)),
            }
        }
        Some(id)
    }

    pub(super) fn add(&mut self, place: Place, cause: impl Into<Cause>) {
        self.total += 1;
        if self.listed.len() < MAX_LISTED {
            self.listed.push(Problem {
                place,
                cause: cause.into(),
            });
        }
    }

    /// Returns the value, or notes the problem.
    pub(super) fn take<T, E: Into<Cause>>(
        &mut self,
        place: Place,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|cause| self.add(place, cause)).ok()
    }

    pub(super) fn count(&self) -> usize {
        self.total
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }
}

impl From<Problems> for ImportError {
    fn from(problems: Problems) -> Self {
        let mut listed = problems.listed;
        listed.sort_by_key(|problem| match problem.place {
            Place::File => 0,
            Place::Line(number) | Place::Item(number) => number,
        });
        ImportError {
            problems: listed,
            total: problems.total,
        }
    }
}

/// Foreign text as a message may show it: quoted, escaped, at most 60 characters of it.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    let mut cut = neutralised(&cut).replace('"', "\\\"");
    if text.chars().nth(60).is_some() {
        cut.push_str("...");
    }
    format!("\"{cut}\"")
}
