//! What is searched for: each secret in the forms in which memory may hold it.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bitcoin::hex::DisplayHex;

/// How many bytes of a form are searched for: halves of a key are found too, and by chance nothing
/// is.
const LENGTH: usize = 16;

/// The forms of all secrets.
pub(crate) struct Needles {
    secrets: Vec<(String, Vec<u8>)>,
    /// The needles, by their first two bytes.
    by_start: HashMap<[u8; 2], Vec<Needle>>,
    /// Which first two bytes there are.
    starts: Vec<bool>,
}

struct Needle {
    secret: usize,
    form: &'static str,
    bytes: Vec<u8>,
}

impl Needles {
    pub(crate) fn new(secrets: Vec<(String, Vec<u8>)>) -> Self {
        let mut needles = Needles {
            secrets: Vec::new(),
            by_start: HashMap::new(),
            starts: vec![false; 1 << 16],
        };
        for (index, (_, secret)) in secrets.iter().enumerate() {
            for (form, bytes) in forms(secret) {
                // Both ends, so that half of a key counts.
                for part in [
                    bytes.get(..LENGTH),
                    bytes
                        .len()
                        .checked_sub(LENGTH)
                        .and_then(|at| bytes.get(at..)),
                ] {
                    let bytes = part.unwrap_or(&bytes).to_vec();
                    assert!(
                        bytes.len() >= 12,
                        "{form} of {} is too short to be searched for",
                        secrets[index].0
                    );
                    let start = [bytes[0], bytes[1]];
                    needles.starts[usize::from(u16::from_le_bytes(start))] = true;
                    needles.by_start.entry(start).or_default().push(Needle {
                        secret: index,
                        form,
                        bytes,
                    });
                }
            }
        }
        needles.secrets = secrets;
        needles
    }

    /// The names of what is searched for.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(|(name, _)| name.as_str())
    }

    /// Finds the secrets in `memory`: their names, their forms, and where.
    pub(crate) fn find(&self, memory: &[u8]) -> Vec<(&str, &'static str, usize)> {
        let mut found = Vec::new();
        for at in 0..memory.len().saturating_sub(1) {
            let start = [memory[at], memory[at + 1]];
            if !self.starts[usize::from(u16::from_le_bytes(start))] {
                continue;
            }
            for needle in &self.by_start[&start] {
                if memory[at..].starts_with(&needle.bytes) {
                    found.push((self.secrets[needle.secret].0.as_str(), needle.form, at));
                }
            }
        }
        found
    }
}

/// Raw, as big-endian integers are in limbs, hexadecimal, base64 at each alignment, and all texts
/// of these in UTF-16.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![("raw", secret.to_vec())];
    forms.push(("reversed", secret.iter().rev().copied().collect()));
    let mut texts = vec![
        ("hex", secret.to_lower_hex_string()),
        ("HEX", secret.to_upper_hex_string()),
        (
            "base64",
            STANDARD_NO_PAD.encode(&secret[..secret.len() / 3 * 3]),
        ),
        (
            "base64 at 1",
            STANDARD_NO_PAD.encode(&secret[1..1 + (secret.len() - 1) / 3 * 3]),
        ),
        (
            "base64 at 2",
            STANDARD_NO_PAD.encode(&secret[2..2 + (secret.len() - 2) / 3 * 3]),
        ),
    ];
    if let Ok(text) = str::from_utf8(secret) {
        texts.push(("text", text.to_owned()));
    }
    for (form, text) in texts {
        forms.push((
            "UTF-16LE",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ));
        forms.push((
            "UTF-16BE",
            text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ));
        forms.push((form, text.into_bytes()));
    }
    forms
}

#[test]
fn every_form_is_found_wherever_it_lies() {
    let secret: Vec<u8> = (0..32u8)
        .map(|n| n.wrapping_mul(37).wrapping_add(11))
        .collect();
    let needles = Needles::new(vec![("key".into(), secret.clone())]);
    for (form, bytes) in forms(&secret) {
        for offset in 0..4 {
            let memory = [vec![0xa5; offset], bytes.clone(), vec![0; 3]].concat();
            assert!(
                needles
                    .find(&memory)
                    .iter()
                    .any(|(_, found, _)| *found == form),
                "{form} at {offset}"
            );
        }
    }
    assert!(needles.find(&[0x5a; 4096]).is_empty());
    assert!(needles.find(&secret[..15]).is_empty(), "less than a half");
    assert_eq!(needles.find(&secret[16..]).len(), 1, "the second half");
}
