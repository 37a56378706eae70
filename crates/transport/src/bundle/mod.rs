//! The bundle: what a watcher hands to the signer in one go. `docs/formats/bundle.md` describes its
//! bytes.
//!
//! - [`Bundle::of`] takes PSBTs, and each previous transaction out of them once.
//! - [`Bundle::parse`] reads one strictly; [`Bundle::psbts`] rebuilds each PSBT and proves it byte
//!   for byte.
//!
//! - [`Bundle::asking`] adds what the watcher saw of the signer's journal, for the signer to
//!   confirm.
//!
//! What comes out are PSBTs like those of any file: still a claim, to be parsed and reviewed.

mod error;
mod lean;
mod previous;

use std::collections::HashSet;

use bitcoin::Txid;
use cofferdam_core::psbt::{Limits, decode};
use cofferdam_core::wallet::WalletId;

pub use self::error::BundleError;
use self::lean::LeanPsbt;
use self::previous::PreviousTransactions;
use crate::envelope::{EnvelopeError, Format, Reader};
use crate::journals::{MAX_SEEN, SeenJournal};

/// The most PSBTs, as many as files of one run of the signer.
pub const MAX_PSBTS: usize = 1_000;

/// The most bytes of all PSBTs together once they are rebuilt, as much as one run of the signer
/// takes.
pub const MAX_REBUILT_BYTES: usize = 192 << 20;

/// How many bytes of a file [`looks_like_bundle`] wants to see.
pub const LOOK: usize = Format::LOOK;

const FORMAT: Format = Format {
    name: "cofferdam/bundle",
    noun: "bundle",
    version: 2,
    // As much as one PSBT may have. Reading a previous transaction takes about four times its bytes
    // in memory.
    max_bytes: 128 << 20,
};

/// The longest name.
const MAX_NAME: usize = 64;

/// PSBTs of one wallet, on their way to the signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    wallet_id: WalletId,
    name: String,
    previous: Vec<Vec<u8>>,
    psbts: Vec<LeanPsbt>,
    seen: Option<Vec<SeenJournal>>,
}

/// Tells a bundle by the first [`LOOK`] bytes of its file.
pub fn looks_like_bundle(start: &[u8]) -> bool {
    FORMAT.begins(start)
}

impl Bundle {
    /// Makes the bundle of PSBTs in any encoding; they come out in binary, in this order.
    ///
    /// `name` is what the files are called after: 1 to 64 of `A-Z a-z 0-9 . _ -`, the first a
    /// letter or digit.
    ///
    /// # Errors
    ///
    /// When one is no PSBT, or together they exceed what a signer takes.
    pub fn of<T: AsRef<[u8]>>(
        wallet_id: WalletId,
        name: &str,
        psbts: &[T],
    ) -> Result<Bundle, BundleError> {
        check_name(name)?;
        check_count(psbts.len() as u64)?;
        let mut previous = PreviousTransactions::default();
        let mut lean = Vec::with_capacity(psbts.len());
        let (mut seen, mut total) = (HashSet::new(), 0);
        for (index, psbt) in psbts.iter().enumerate() {
            let malformed = |error| BundleError::Psbt { index, error };
            let (_, binary) = decode(psbt.as_ref(), &Limits::DEFAULT).map_err(malformed)?;
            total += binary.len();
            if total > MAX_REBUILT_BYTES {
                return Err(BundleError::Rebuilt);
            }
            let (txid, psbt) = LeanPsbt::of(&binary, &mut previous).map_err(malformed)?;
            check_new(&mut seen, txid)?;
            lean.push(psbt);
        }
        let bundle = Bundle {
            wallet_id,
            name: name.to_owned(),
            previous: previous.into_bytes(),
            psbts: lean,
            seen: None,
        };
        match bundle.to_bytes().len() {
            found if found > FORMAT.max_bytes => Err(EnvelopeError::TooLarge {
                found,
                limit: FORMAT.max_bytes,
            }
            .into()),
            _ => Ok(bundle),
        }
    }

    /// Makes it a bundle of version 2, which asks the signer whether its journal had these heads.
    ///
    /// Of more than [`MAX_SEEN`], those with the highest counts are asked about.
    #[must_use]
    pub fn asking(self, mut seen: Vec<SeenJournal>) -> Bundle {
        seen.sort_by_key(|seen| std::cmp::Reverse(seen.count));
        seen.truncate(MAX_SEEN);
        seen.sort();
        seen.dedup();
        Bundle {
            seen: Some(seen),
            ..self
        }
    }

    /// Returns what the watcher saw of journals, ascending; none in a bundle of version 1, which
    /// does not say.
    pub fn seen(&self) -> Option<&[SeenJournal]> {
        self.seen.as_deref()
    }

    /// Reads a bundle. Its PSBTs and previous transactions are not looked at yet.
    ///
    /// # Errors
    ///
    /// When it is none, damaged, of a newer version, or not in the one deterministic form.
    pub fn parse(bytes: &[u8]) -> Result<Bundle, BundleError> {
        let (version, mut reader, entries) = FORMAT.open(bytes)?;
        let expected = match (version, entries) {
            (1, 4) | (2, 8) => None,
            (1, _) => Some("a map of seven entries"),
            _ => Some("a map of eleven entries"),
        };
        if let Some(expected) = expected {
            return Err(EnvelopeError::Unexpected { at: 0, expected }.into());
        }
        reader.key(2)?;
        let wallet_id = WalletId::from_bytes(reader.fixed()?);
        reader.key(3)?;
        let name = reader.text()?.to_owned();
        check_name(&name)?;
        reader.key(4)?;
        let mut previous = Vec::new();
        for _ in 0..reader.array("previous transactions", previous::MAX)? {
            previous.push(reader.bytes()?.to_vec());
        }
        reader.key(5)?;
        let count = reader.array("PSBTs", MAX_PSBTS)?;
        check_count(count)?;
        let mut psbts = Vec::new();
        for _ in 0..count {
            psbts.push(LeanPsbt::read(&mut reader)?);
        }
        let seen = match version {
            1 => None,
            _ => Some(read_seen(&mut reader)?),
        };
        reader.end()?;
        Ok(Bundle {
            wallet_id,
            name,
            previous,
            psbts,
            seen,
        })
    }

    /// Writes the one form of the bundle.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (version, entries) = if self.seen.is_some() { (2, 8) } else { (1, 4) };
        FORMAT.seal(version, entries, |encoder| {
            encoder.u8(2)?.bytes(self.wallet_id.as_bytes())?;
            encoder.u8(3)?.str(&self.name)?;
            encoder.u8(4)?.array(self.previous.len() as u64)?;
            for transaction in &self.previous {
                encoder.bytes(transaction)?;
            }
            encoder.u8(5)?.array(self.psbts.len() as u64)?;
            self.psbts.iter().try_for_each(|psbt| psbt.write(encoder))?;
            let Some(seen) = &self.seen else {
                return Ok(());
            };
            for (key, _) in RESERVED {
                encoder.u8(key)?.array(0)?;
            }
            encoder.u8(9)?.array(seen.len() as u64)?;
            seen.iter().try_for_each(|seen| seen.write(encoder))
        })
    }

    /// Returns the wallet that is said to sign.
    pub fn wallet_id(&self) -> WalletId {
        self.wallet_id
    }

    /// Returns the name, which is safe as part of a file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of PSBTs.
    pub fn count(&self) -> usize {
        self.psbts.len()
    }

    /// Rebuilds the PSBTs, in binary, and proves each to be the one that was sent.
    ///
    /// # Errors
    ///
    /// When a previous transaction is missing, not needed or there twice, when a transaction is
    /// there twice, when a hash is another, and before anything is rebuilt that would exceed
    /// [`MAX_REBUILT_BYTES`].
    pub fn psbts(&self) -> Result<Vec<Vec<u8>>, BundleError> {
        let mut psbts = Vec::new();
        self.rebuild(|_, psbt| {
            psbts.push(psbt);
            Ok::<_, BundleError>(())
        })?;
        Ok(psbts)
    }

    /// As [`psbts`](Self::psbts), one after the other: `take` has each, with its index, before the
    /// next is rebuilt. What it was given counts only once all of them were.
    ///
    /// # Errors
    ///
    /// As [`psbts`](Self::psbts), and what `take` fails with.
    pub fn rebuild<E: From<BundleError>>(
        &self,
        mut take: impl FnMut(usize, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut previous = PreviousTransactions::read(&self.previous)?;
        let (mut seen, mut left) = (HashSet::new(), MAX_REBUILT_BYTES);
        for (index, lean) in self.psbts.iter().enumerate() {
            let (txid, psbt) = lean.rebuild(index, &mut previous, left)?;
            check_new(&mut seen, txid)?;
            left = left.saturating_sub(psbt.len());
            take(index, psbt)?;
        }
        match previous.unused() {
            Some(txid) => Err(BundleError::PreviousUnused(txid).into()),
            None => Ok(()),
        }
    }
}

/// The keys of version 2 that only newer programs fill.
const RESERVED: [(u8, &str); 3] = [(6, "manifests"), (7, "approvals"), (8, "payee entries")];

fn read_seen(reader: &mut Reader<'_>) -> Result<Vec<SeenJournal>, EnvelopeError> {
    for (key, what) in RESERVED {
        reader.key(key.into())?;
        if reader.array(what, usize::MAX)? > 0 {
            return Err(EnvelopeError::NewerContent(what));
        }
    }
    reader.key(9)?;
    let mut seen = Vec::new();
    for _ in 0..reader.array("journals", MAX_SEEN)? {
        let at = reader.position();
        let next = SeenJournal::read(reader)?;
        if seen.last().is_some_and(|last| *last >= next) {
            return Err(EnvelopeError::NotDeterministic(at));
        }
        seen.push(next);
    }
    Ok(seen)
}

fn check_name(name: &str) -> Result<(), BundleError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let begins = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if begins && name.len() <= MAX_NAME && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(BundleError::Name)
    }
}

fn check_new(seen: &mut HashSet<Txid>, txid: Txid) -> Result<(), BundleError> {
    if seen.insert(txid) {
        Ok(())
    } else {
        Err(BundleError::Twice(txid))
    }
}

fn check_count(found: u64) -> Result<(), BundleError> {
    match found {
        0 => Err(BundleError::Empty),
        found if found > MAX_PSBTS as u64 => Err(EnvelopeError::TooMany {
            what: "PSBTs",
            found,
            limit: MAX_PSBTS,
        }
        .into()),
        _ => Ok(()),
    }
}
