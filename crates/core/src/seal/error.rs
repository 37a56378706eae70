//! Why a vault is refused.

use super::{CostError, OutOfMemory, SlotId, SlotType};

/// The bytes are no intact vault, told without any passphrase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The magic is that of no vault.
    #[error("this is no vault file; name the file that `init` or `restore` made")]
    NotAVault,
    /// The magic is that of a later format.
    #[error(
        "the vault has format {found}, and this program reads format 1; update cofferdam-signer"
    )]
    NewerFormat {
        /// The format's number.
        found: u8,
    },
    /// The file is longer than any vault.
    #[error("the file has {found} bytes, more than any vault; it is damaged or something else")]
    TooLong {
        /// The file's length in bytes.
        found: u64,
    },
    /// The file ends early.
    #[error("the vault is truncated: {found} bytes of {expected}; run `repair`")]
    Truncated {
        /// The length that the header promises, or the least length of any vault.
        expected: u64,
        /// The file's length in bytes.
        found: u64,
    },
    /// Bytes follow the end.
    #[error("the file goes on after the end of the vault, for {extra} B; run `repair`")]
    Trailing {
        /// How many.
        extra: u64,
    },
    /// The SHA-256 at the end does not match.
    #[error("the vault's checksum does not match: the file is damaged; run `repair`")]
    Checksum,
    /// The checksum matches, and yet a field breaks the format: written by something else, or on
    /// purpose.
    #[error("the vault is malformed: {0}; run `repair`")]
    Malformed(#[from] Malformed),
}

impl VaultError {
    /// Returns whether the file was a vault and is damaged, rather than of a later format or no
    /// vault at all.
    pub fn is_damage(&self) -> bool {
        !matches!(self, VaultError::NotAVault | VaultError::NewerFormat { .. })
    }
}

/// The field that breaks the format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The number of slots is not 1 to 8.
    #[error("{0} slots, expected 1 to 8")]
    SlotCount(u16),
    /// A flag is set; this format has none.
    #[error("unknown flags {0:#06x}")]
    Flags(u16),
    /// The header's length does not follow from the number of slots.
    #[error("header length {found}, expected {expected}")]
    HeaderLength {
        /// 96 + 176 for each slot.
        expected: u32,
        /// What the header says.
        found: u32,
    },
    /// The body's length is not a tag of 16 bytes and a positive multiple of 4096.
    #[error("body length {0}")]
    BodyLength(u64),
    /// The file's length does not follow from the header.
    #[error("file length {found}, expected {expected}")]
    FileLength {
        /// What the header says.
        expected: u64,
        /// The file's length in bytes.
        found: u64,
    },
    /// The generation is 0; the first one is 1.
    #[error("generation 0")]
    Generation,
    /// Reserved bytes are not zero.
    #[error("reserved bytes of {0} are not zero")]
    Reserved(&'static str),
    /// The slot type is unknown.
    #[error("slot {slot} has the unknown type {found}")]
    SlotType {
        /// The slot, from 0.
        slot: usize,
        /// Its type.
        found: u8,
    },
    /// The key derivation function is unknown.
    #[error("slot {slot} has the unknown key derivation {found}")]
    Kdf {
        /// The slot, from 0.
        slot: usize,
        /// Its key derivation.
        found: u8,
    },
    /// The costs are out of bounds; no work was done.
    #[error("slot {slot}: {error}")]
    Cost {
        /// The slot, from 0.
        slot: usize,
        /// The bound that is broken.
        error: CostError,
    },
    /// Two slots have the same id.
    #[error("two slots have the same id")]
    RepeatedSlot,
    /// A slot of two passphrases stands beside another type, which would undo dual control.
    #[error("a dual-control slot stands beside a slot that one person opens")]
    MixedDualControl,
}

/// An intact vault did not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// No slot asks for this kind of credential.
    #[error("this vault is opened by {}; give that", .expected.iter().map(SlotType::to_string).collect::<Vec<_>>().join(" or by "))]
    WrongKind {
        /// What its slots ask for.
        expected: Vec<SlotType>,
    },
    /// No slot opens with the credential.
    #[error("wrong passphrase or key file; check keyboard layout and caps lock, and try again")]
    WrongCredential,
    /// The credential is right, and the rest of the file does not belong to it.
    #[error(
        "the credential is right, but {0} was altered; run `repair`, and ask who could write to this file"
    )]
    Tampered(#[from] Tampered),
    /// Argon2 found not enough memory.
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
}

/// The part that fails authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// The wrapped data key of the slot.
    #[error("the slot's wrapped key")]
    WrappedKey,
    /// The header or one of the slots.
    #[error("the header or a slot")]
    Header,
    /// The body.
    #[error("the body")]
    Body,
    /// The padding inside the body.
    #[error("the body's padding")]
    Padding,
}

/// A vault cannot be sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The number of slots is not 1 to 8.
    #[error("a vault has 1 to 8 slots, not {0}")]
    SlotCount(usize),
    /// A slot of two passphrases would stand beside another type.
    #[error(
        "a dual-control vault has only slots of two passphrases; make a new vault with `init --dual` instead"
    )]
    MixedDualControl,
    /// No slot has this id.
    #[error("the vault has no slot {0}; see `verify` for its slots")]
    NoSuchSlot(SlotId),
    /// Rotation must be told about every slot.
    #[error(
        "slot {0} is neither kept with its credential nor dropped; give one of both for every slot"
    )]
    SlotUnaccounted(SlotId),
    /// Rotation was told twice about a slot.
    #[error("slot {0} is named twice; name each slot once")]
    SlotNamedTwice(SlotId),
    /// The credential does not open the slot that it was given for.
    #[error("the credential given for slot {0} does not open it; nothing was changed")]
    WrongCredential(SlotId),
    /// A generation must be greater than that of the open vault.
    #[error("generation {found} is not after generation {current}")]
    Generation {
        /// The open vault's.
        current: u64,
        /// The one asked for.
        found: u64,
    },
    /// The content does not fit into a vault.
    #[error("the content has {0} bytes, more than a vault can hold")]
    TooLong(usize),
    /// Argon2 found not enough memory.
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
    /// The kernel gave no random numbers.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// What was sealed does not open again.
    #[error(
        "the sealed vault does not open again: this machine computes wrongly; nothing was written"
    )]
    SelfCheck,
}

/// The kernel gave no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kernel's random number generator failed; nothing was written")]
pub struct RandomUnavailable;

/// A source of random bytes, which must be the kernel's outside tests: fills the whole slice.
pub type Kernel<'a> = dyn FnMut(&mut [u8]) -> Result<(), RandomUnavailable> + 'a;
