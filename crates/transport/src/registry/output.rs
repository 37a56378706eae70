//! `crypto-output`, an output descriptor as tagged expressions (BCR-2020-010), and
//! `output-descriptor`, one as text with placeholders for keys (BCR-2023-010).

use bitcoin::PrivateKey;
use bitcoin::bip32::{ChildNumber, Fingerprint};
use cofferdam_core::ScriptType;
use cofferdam_core::wallet::{Wallet, WalletKind};

use super::hd_key::{HdKey, read_text};
use super::key_path::{KeyPath, Step};
use super::reader::Reader;
use super::writer::Writer;
use super::{Names, RegistryError, tags};

/// The most keys of a descriptor: what a script can hold (BIP387).
const MAX_KEYS: u64 = 20;
/// The most characters of a descriptor's text: twenty keys of less than 200.
const MAX_SOURCE: usize = 4_096;

/// An output descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The descriptor.
    pub source: Source,
    /// A name (new form only).
    pub name: Option<String>,
    /// A note (new form only).
    pub note: Option<String>,
}

/// What a descriptor is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// One key.
    Single(ScriptType, Box<HdKey>),
    /// A descriptor's whole text (new form only). It holds no private key; else it is unchecked.
    Text(String),
}

impl Output {
    /// Returns the descriptor of a wallet, with its name. In the new form it tells the two
    /// branches; in the old one it tells no children, as older readers know no pairs.
    ///
    /// # Errors
    ///
    /// The wallet has several keys.
    pub fn of_wallet(wallet: &Wallet, names: Names) -> Result<Output, RegistryError> {
        let WalletKind::Single(script_type) = wallet.kind();
        let mut key = HdKey::of_wallet(wallet)?;
        if names == Names::New {
            let [receive, change] = [0, 1].map(|index| ChildNumber::Normal { index });
            key.children = Some(KeyPath {
                steps: vec![Step::Pair(receive, change), Step::Any],
                ..KeyPath::default()
            });
        }
        Ok(Output {
            source: Source::Single(script_type, Box::new(key)),
            name: Some(wallet.name().to_string()),
            note: None,
        })
    }

    /// Reads the content of `ur:crypto-output` or `ur:output-descriptor`.
    pub fn decode(cbor: &[u8]) -> Result<Output, RegistryError> {
        Reader::whole(cbor, |reader| Output::read(reader))
    }

    /// Writes the content of `ur:crypto-output` or `ur:output-descriptor`. The old form has no
    /// place for name and note, nor for [`Source::Text`], which is written in the new form always.
    pub fn encode(&self, names: Names) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer, names);
        writer.finish()
    }

    /// Returns the descriptor's text, without a checksum where it is made of a key.
    pub fn descriptor(&self) -> Result<String, RegistryError> {
        self.descriptor_under(None)
    }

    pub(super) fn descriptor_under(
        &self,
        master: Option<Fingerprint>,
    ) -> Result<String, RegistryError> {
        match &self.source {
            Source::Single(script_type, key) => key.descriptor(*script_type, master),
            Source::Text(text) => Ok(text.clone()),
        }
    }

    /// Reads either form, with or without the tag of an output descriptor.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Output, RegistryError> {
        if !reader.is_tag() {
            return read_text_form(reader);
        }
        let tag = reader.tag()?;
        if !tags::OUTPUT.contains(&tag) {
            return read_expression(reader, tag);
        }
        if reader.is_tag() {
            let tag = reader.tag()?;
            read_expression(reader, tag)
        } else {
            read_text_form(reader)
        }
    }

    /// Writes it without the tag of an output descriptor.
    pub(super) fn write(&self, writer: &mut Writer, names: Names) {
        match &self.source {
            Source::Single(script_type, key) if names == Names::Old => {
                for tag in expression_tags(*script_type) {
                    writer.tag(*tag);
                }
                writer.tag(tags::of(tags::HD_KEY, names));
                key.write(writer, names);
            }
            source => self.write_text_form(writer, source),
        }
    }

    fn write_text_form(&self, writer: &mut Writer, source: &Source) {
        let (text, key) = match source {
            Source::Single(script_type, key) => (template(*script_type), Some(key)),
            Source::Text(text) => (text.as_str(), None),
        };
        let optional = [key.is_some(), self.name.is_some(), self.note.is_some()];
        writer.map(1 + optional.iter().filter(|there| **there).count());
        writer.uint(1);
        writer.text(text);
        if let Some(key) = key {
            writer.uint(2);
            writer.array(1);
            writer.tag(tags::of(tags::HD_KEY, Names::New));
            key.write(writer, Names::New);
        }
        for (field, text) in [(3, &self.name), (4, &self.note)] {
            if let Some(text) = text {
                writer.uint(field);
                writer.text(text);
            }
        }
    }
}

/// The tags of the old form: `sh`, `pkh`, `wpkh`, `tr`.
const SH: u64 = 400;
const PKH: u64 = 403;
const WPKH: u64 = 404;
const TR: u64 = 409;

fn expression_tags(script_type: ScriptType) -> &'static [u64] {
    match script_type {
        ScriptType::Legacy => &[PKH],
        ScriptType::Nested => &[SH, WPKH],
        ScriptType::Segwit => &[WPKH],
        ScriptType::Taproot => &[TR],
    }
}

/// Reads the old form after its first tag.
fn read_expression(reader: &mut Reader<'_>, tag: u64) -> Result<Output, RegistryError> {
    let script_type = match tag {
        PKH => ScriptType::Legacy,
        WPKH => ScriptType::Segwit,
        TR => ScriptType::Taproot,
        SH => match reader.tag()? {
            WPKH => ScriptType::Nested,
            401 => return Err(refuse(reader, "sh(wsh(...))")),
            tag if tags::HD_KEY.contains(&tag) => {
                HdKey::read(reader)?;
                return Err(RegistryError::NotSupported {
                    found: "sh(cosigner(...))",
                });
            }
            _ => return Err(refuse(reader, "sh(...) with a script")),
        },
        401 => return Err(refuse(reader, "wsh(...)")),
        402 => return Err(refuse(reader, "pk(...)")),
        405 => return Err(refuse(reader, "combo(...)")),
        406 | 407 => return Err(refuse(reader, "a bare multisig")),
        408 => return Err(refuse(reader, "a bare script")),
        410 => return Err(refuse(reader, "a bare cosigner")),
        307 => return Err(refuse(reader, "an address")),
        _ => return Err(reader.malformed()),
    };
    Ok(Output {
        source: Source::Single(script_type, Box::new(read_key(reader)?)),
        name: None,
        note: None,
    })
}

/// Says that a kind is not supported, or that a key below it is private.
fn refuse(reader: &mut Reader<'_>, found: &'static str) -> RegistryError {
    while reader.is_tag() {
        match reader.tag() {
            Ok(tag) if tags::HD_KEY.contains(&tag) => {
                if let Err(RegistryError::Private) = HdKey::read(reader) {
                    return RegistryError::Private;
                }
            }
            Ok(_) => {}
            Err(error) => return error,
        }
    }
    RegistryError::NotSupported { found }
}

/// Reads a tagged key.
fn read_key(reader: &mut Reader<'_>) -> Result<HdKey, RegistryError> {
    let tag = reader.tag()?;
    if tags::HD_KEY.contains(&tag) {
        HdKey::read(reader)
    } else if tags::EC_KEY.contains(&tag) {
        let mut private = false;
        reader.map(|reader, field| {
            if field != 2 {
                return Ok(false);
            }
            private = reader.bool()?;
            Ok(true)
        })?;
        if private {
            return Err(RegistryError::Private);
        }
        Err(RegistryError::NotSupported {
            found: "a single key",
        })
    } else if tags::ADDRESS.contains(&tag) {
        Err(RegistryError::NotSupported {
            found: "an address",
        })
    } else {
        Err(reader.malformed())
    }
}

/// Reads the new form's map.
fn read_text_form(reader: &mut Reader<'_>) -> Result<Output, RegistryError> {
    let (mut source, mut keys, mut name, mut note) = (None, Vec::new(), None, None);
    reader.map(|reader, field| {
        match field {
            1 => source = Some(reader.text()?),
            2 => {
                for _ in 0..reader.array(MAX_KEYS)? {
                    keys.push(read_key(reader)?);
                }
            }
            3 => name = Some(read_text(reader)?),
            4 => note = Some(read_text(reader)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let text = source.ok_or(RegistryError::Missing { field: "source" })?;
    if text.len() > MAX_SOURCE || text.contains(char::is_control) {
        return Err(RegistryError::Value { field: "source" });
    }
    let source = match (keys.pop(), keys.is_empty()) {
        (None, _) if text.contains('@') => return Err(RegistryError::Missing { field: "keys" }),
        (None, _) if holds_private_key(text) => return Err(RegistryError::Private),
        (None, _) => Source::Text(text.to_owned()),
        (Some(key), true) => Source::Single(single(text, &key)?, Box::new(key)),
        (Some(_), false) => {
            return Err(RegistryError::NotSupported {
                found: "a descriptor of several keys",
            });
        }
    };
    Ok(Output { source, name, note })
}

/// Tells whether a descriptor's text holds a private key: an extended one of any version (`xprv`,
/// `tprv`, SLIP-132's), or WIF.
fn holds_private_key(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word.get(1..4) == Some("prv") || PrivateKey::from_wif(word).is_ok())
}

fn template(script_type: ScriptType) -> &'static str {
    match script_type {
        ScriptType::Legacy => "pkh(@0)",
        ScriptType::Nested => "sh(wpkh(@0))",
        ScriptType::Segwit => "wpkh(@0)",
        ScriptType::Taproot => "tr(@0)",
    }
}

/// Returns the script type of a template with one placeholder. The two branches may stand behind
/// it, as in BIP388, when the key itself tells no children.
fn single(text: &str, key: &HdKey) -> Result<ScriptType, RegistryError> {
    let plain = match &key.children {
        None => text.replace("@0/**", "@0").replace("@0/<0;1>/*", "@0"),
        Some(_) => text.to_owned(),
    };
    ScriptType::ALL
        .into_iter()
        .find(|script_type| template(*script_type) == plain)
        .ok_or(RegistryError::NotSupported {
            found: "a descriptor of another form",
        })
}
