//! `crypto-keypath`: how a key was derived, or what is derived from it (BCR-2020-007).

use bitcoin::bip32::{ChildNumber, Fingerprint};

use super::reader::Reader;
use super::writer::Writer;
use super::{Names, RegistryError, tags};

/// The most steps; no wallet uses more than six.
const MAX_STEPS: usize = 32;

/// A derivation path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPath {
    /// The steps, from the key that [`KeyPath::source_fingerprint`] names.
    pub steps: Vec<Step>,
    /// The fingerprint of the key at which the path starts: the master key's, but for exotic cases.
    pub source_fingerprint: Option<Fingerprint>,
    /// The depth of the key at which the path ends, if it is told.
    pub depth: Option<u8>,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One child.
    Child(ChildNumber),
    /// Any unhardened child.
    Any,
    /// Two children, for the receive and the change branch: `<0;1>` of BIP389.
    Pair(ChildNumber, ChildNumber),
}

impl KeyPath {
    /// Returns the steps, when each is one child.
    pub(super) fn children(&self) -> Option<Vec<ChildNumber>> {
        let child = |step: &Step| match step {
            Step::Child(child) => Some(*child),
            _ => None,
        };
        self.steps.iter().map(child).collect()
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<KeyPath, RegistryError> {
        reader.one_of(tags::KEY_PATH)?;
        let mut path = KeyPath::default();
        reader.map(|reader, field| {
            match field {
                1 => path.steps = read_steps(reader)?,
                2 => path.source_fingerprint = Some(reader.u32()?.to_be_bytes().into()),
                3 => {
                    let depth = u8::try_from(reader.uint()?);
                    path.depth = Some(depth.map_err(|_| RegistryError::Value { field: "depth" })?);
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(path)
    }

    pub(super) fn write(&self, writer: &mut Writer, names: Names) {
        writer.tag(tags::of(tags::KEY_PATH, names));
        let fields = [self.source_fingerprint.is_some(), self.depth.is_some()];
        writer.map(1 + fields.iter().filter(|there| **there).count());
        writer.uint(1);
        let item = |step: &Step| match step {
            Step::Pair(..) => 1,
            Step::Child(_) | Step::Any => 2,
        };
        writer.array(self.steps.iter().map(item).sum());
        for step in &self.steps {
            match step {
                Step::Child(child) => write_child(writer, *child),
                Step::Any => {
                    writer.array(0);
                    writer.bool(false);
                }
                Step::Pair(receive, change) => {
                    writer.array(4);
                    write_child(writer, *receive);
                    write_child(writer, *change);
                }
            }
        }
        if let Some(fingerprint) = self.source_fingerprint {
            writer.uint(2);
            writer.uint(u32::from_be_bytes(fingerprint.to_bytes()));
        }
        if let Some(depth) = self.depth {
            writer.uint(3);
            writer.uint(depth.into());
        }
    }
}

/// Reads components: a number and whether it is hardened; an empty array and the same; or an array
/// of two such children.
fn read_steps(reader: &mut Reader<'_>) -> Result<Vec<Step>, RegistryError> {
    let mut left = reader.array(2 * MAX_STEPS as u64)?;
    let mut steps = Vec::new();
    while let Some(after_index) = left.checked_sub(1) {
        left = after_index;
        if !reader.is_array() {
            left = left.checked_sub(1).ok_or_else(|| reader.malformed())?;
            steps.push(Step::Child(read_child(reader)?));
            continue;
        }
        match reader.array(4)? {
            0 => {
                left = left.checked_sub(1).ok_or_else(|| reader.malformed())?;
                if reader.bool()? {
                    return Err(RegistryError::Value {
                        field: "hardened wildcard",
                    });
                }
                steps.push(Step::Any);
            }
            2 => {
                return Err(RegistryError::NotSupported {
                    found: "a range of children",
                });
            }
            4 => steps.push(Step::Pair(read_child(reader)?, read_child(reader)?)),
            _ => return Err(reader.malformed()),
        }
    }
    Ok(steps)
}

fn read_child(reader: &mut Reader<'_>) -> Result<ChildNumber, RegistryError> {
    let index = reader.u32()?;
    let child = if reader.bool()? {
        ChildNumber::from_hardened_idx(index)
    } else {
        ChildNumber::from_normal_idx(index)
    };
    child.map_err(|_| RegistryError::Value {
        field: "child index",
    })
}

fn write_child(writer: &mut Writer, child: ChildNumber) {
    let (index, hardened) = match child {
        ChildNumber::Normal { index } => (index, false),
        ChildNumber::Hardened { index } => (index, true),
    };
    writer.uint(index);
    writer.bool(hardened);
}
