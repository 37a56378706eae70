//! What a BBQr's file is.

use crate::payload::Kind;

/// What the file is, as its parts say. Key teleport (`R`, `S`, `E`) and programs (`X`) are not
/// taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileType {
    /// `P`: a PSBT in binary.
    Psbt,
    /// `T`: a signed transaction in consensus encoding.
    Transaction,
    /// `J`: JSON.
    Json,
    /// `C`: CBOR.
    Cbor,
    /// `U`: text in UTF-8.
    Text,
    /// `B`: anything.
    Binary,
}

impl FileType {
    pub(super) fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'P' => FileType::Psbt,
            b'T' => FileType::Transaction,
            b'J' => FileType::Json,
            b'C' => FileType::Cbor,
            b'U' => FileType::Text,
            b'B' => FileType::Binary,
            _ => return None,
        })
    }

    pub(super) fn letter(self) -> u8 {
        match self {
            FileType::Psbt => b'P',
            FileType::Transaction => b'T',
            FileType::Json => b'J',
            FileType::Cbor => b'C',
            FileType::Text => b'U',
            FileType::Binary => b'B',
        }
    }

    /// The file type that carries a kind. None for a seed, which no loop of codes carries.
    pub fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::Psbt => FileType::Psbt,
            Kind::Transaction => FileType::Transaction,
            Kind::Json => FileType::Json,
            Kind::Bundle | Kind::Return | Kind::HdKey | Kind::Output | Kind::Account => {
                FileType::Cbor
            }
            Kind::Text => FileType::Text,
            Kind::Bytes => FileType::Binary,
            Kind::Seed => return None,
        })
    }

    /// The kind that a file of this type is. CBOR is [`Kind::Bytes`]: the type does not say whose.
    pub fn kind(self) -> Kind {
        match self {
            FileType::Psbt => Kind::Psbt,
            FileType::Transaction => Kind::Transaction,
            FileType::Json => Kind::Json,
            FileType::Text => Kind::Text,
            FileType::Cbor | FileType::Binary => Kind::Bytes,
        }
    }
}
