//! The conversation with the intake, which reads foreign files.

use std::fmt;
use std::path::PathBuf;

use cofferdam_core::wallet::WalletId;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize, Serializer};

use super::as_json;
use crate::error::Failure;

/// What the intake shall read.
#[derive(Debug, Serialize, DeriveDeserialize)]
pub(crate) enum IntakeRequest {
    /// PSBTs, or a bundle of them, under these paths as the command line named them; a folder
    /// stands for the files in it that are PSBTs.
    Files {
        /// What is to be reviewed.
        paths: Vec<PathBuf>,
        /// Signed PSBTs of another machine, to compare with; a folder stands for those in it.
        expected: Vec<PathBuf>,
    },
    /// A PSBT, or a bundle, in the codes that these show.
    Scan(Vec<Sight>),
}

/// Something to look at.
#[derive(Debug, Serialize, DeriveDeserialize)]
pub(crate) struct Sight {
    /// The path.
    pub(crate) path: PathBuf,
    /// Whether it is a camera.
    pub(crate) camera: bool,
}

/// How far a scan is.
#[derive(Clone, Debug, PartialEq, Serialize, DeriveDeserialize)]
pub(crate) enum Looking {
    /// A message comes in parts.
    Parts {
        /// Parts had.
        have: usize,
        /// Parts needed.
        need: usize,
        /// Codes read in a second.
        rate: f64,
    },
    /// Something to know.
    Note(String),
}

/// The intake's reply: of a bundle an [`IntakeReply::Bundle`], one [`IntakeReply::File`] each, then
/// the end.
#[derive(Debug, Serialize, DeriveDeserialize)]
pub(crate) enum IntakeReply {
    /// The files are those of a bundle.
    Bundle(BundleFile),
    /// A file that parses.
    File(PsbtFile),
    /// A signed PSBT of another machine.
    Expected(PsbtFile),
    /// A scan goes on.
    Looking(Looking),
    /// There are no more.
    End,
    /// One is refused, and with it the run.
    Failed(#[serde(with = "as_json")] Failure),
}

/// Where files came from that are no files of their own.
#[derive(Clone, Debug, Serialize, DeriveDeserialize)]
pub(crate) struct BundleFile {
    /// The bundle's path, as the command line named it.
    pub(crate) path: PathBuf,
    /// The wallet that the bundle says it is for.
    pub(crate) wallet_id: WalletId,
    /// What its watcher saw of journals; none in a bundle of version 1, which does not say.
    pub(crate) seen: Option<Vec<SeenFacts>>,
}

/// Where a journal stood, as the watcher saw it in a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DeriveDeserialize)]
pub(crate) struct SeenFacts {
    /// The vault.
    pub(crate) vault_id: [u8; 16],
    /// The number of records.
    pub(crate) count: u64,
    /// The hash of the last one.
    pub(crate) head: [u8; 32],
}

/// A file that the intake accepts: a well-formed PSBT within limits.
#[derive(Debug, Serialize, DeriveDeserialize)]
pub(crate) struct PsbtFile {
    /// Its path: as the command line named it, or inside the folder or the bundle that it named.
    pub(crate) path: PathBuf,
    /// Its bytes.
    pub(crate) bytes: Blob,
}

/// Bytes, as one CBOR byte string.
#[derive(Debug, Default)]
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(BlobVisitor)
    }
}

struct BlobVisitor;

impl Visitor<'_> for BlobVisitor {
    type Value = Blob;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Blob, E> {
        Ok(Blob(bytes.to_vec()))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Blob, E> {
        Ok(Blob(bytes))
    }
}
