//! Bytes to the records of an RFC 4180 table, with the line that each begins on.

use super::problem::{Cause, Place, Problems};

/// One record: the line it begins on, counted from 1, and its cells.
pub(super) struct Record {
    pub(super) place: Place,
    pub(super) cells: ::csv::StringRecord,
}

impl Record {
    /// Returns a cell, or nothing where the record is too short.
    pub(super) fn cell(&self, index: usize) -> &str {
        self.cells.get(index).unwrap_or("")
    }

    /// Returns whether all its cells are empty, as spreadsheets leave rows behind.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Decodes UTF-8, without its byte order mark.
///
/// Returns nothing, with the problem noted, for other encodings and for NUL bytes.
pub(super) fn text<'a>(bytes: &'a [u8], problems: &mut Problems) -> Option<&'a str> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || is_wide(bytes) {
        problems.add(Place::File, Cause::Utf16);
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        problems.add(line_at(bytes, at), Cause::NulByte);
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            problems.add(line_at(bytes, error.valid_up_to()), Cause::NotUtf8);
            None
        }
    }
}

/// Whether ASCII text stands in 16-bit units: every other byte of the beginning is zero.
fn is_wide(bytes: &[u8]) -> bool {
    let zero = |index: usize| bytes.get(index) == Some(&0);
    (zero(0) && zero(2)) || (zero(1) && zero(3))
}

fn line_at(bytes: &[u8], at: usize) -> Place {
    Place::Line(1 + newlines(bytes.get(..at).unwrap_or(bytes)))
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// Reads all records, the header included; blank lines are left out.
///
/// Returns nothing, with the problems noted, when quoting or line ends are not those of RFC 4180 (a
/// lone LF is accepted): behind such a fault no cell can be trusted.
pub(super) fn records(text: &str, problems: &mut Problems) -> Option<Vec<Record>> {
    if let Some((line, cause)) = quoting_fault(text) {
        problems.add(Place::Line(line), cause);
        return None;
    }
    let bytes = text.as_bytes();
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut records = Vec::new();
    let (mut counted, mut line) = (0usize, 1u64);
    loop {
        let begins = reader.position().byte();
        let mut cells = ::csv::StringRecord::new();
        match reader.read_record(&mut cells) {
            Ok(false) => return Some(records),
            Ok(true) => {}
            Err(error) => {
                problems.add(Place::Line(line), Cause::Table(error.to_string()));
                return None;
            }
        }
        let begins = usize::try_from(begins)
            .unwrap_or(bytes.len())
            .min(bytes.len());
        let rest = bytes.get(begins..).unwrap_or_default();
        let begins = begins
            + rest
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
        line += newlines(bytes.get(counted..begins).unwrap_or_default());
        counted = begins;
        records.push(Record {
            place: Place::Line(line),
            cells,
        });
    }
}

/// Returns the first place where quotation marks or line ends are not those of RFC 4180.
fn quoting_fault(text: &str) -> Option<(u64, Cause)> {
    enum At {
        CellStart,
        Plain,
        Quoted { since: u64 },
        Closed,
    }
    let (mut at, mut line) = (At::CellStart, 1u64);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let next = bytes.peek().copied();
        at = match (at, byte) {
            (At::Quoted { since }, b'"') if next == Some(b'"') => {
                bytes.next();
                At::Quoted { since }
            }
            (At::Quoted { .. }, b'"') => At::Closed,
            (At::Quoted { since }, b'\n') => {
                line += 1;
                At::Quoted { since }
            }
            (At::Quoted { since }, _) => At::Quoted { since },
            (_, b'\r') if next != Some(b'\n') => return Some((line, Cause::BareCarriageReturn)),
            (state, b'\r') => state,
            (_, b'\n') => {
                line += 1;
                At::CellStart
            }
            (_, b',') => At::CellStart,
            (At::CellStart, b'"') => At::Quoted { since: line },
            (At::Closed, _) => return Some((line, Cause::TextAfterQuote)),
            (_, b'"') => return Some((line, Cause::StrayQuote)),
            (_, _) => At::Plain,
        };
    }
    match at {
        At::Quoted { since } => Some((since, Cause::UnclosedQuote)),
        _ => None,
    }
}
