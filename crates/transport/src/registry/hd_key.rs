//! `crypto-hdkey`: an extended public key (BCR-2020-007).

use bitcoin::NetworkKind;
use bitcoin::bip32::{ChainCode, ChildNumber, Fingerprint, Xpub};
use bitcoin::secp256k1::PublicKey;
use cofferdam_core::ScriptType;
use cofferdam_core::wallet::Wallet;

use super::key_path::{KeyPath, Step};
use super::reader::Reader;
use super::writer::Writer;
use super::{Names, RegistryError, coin_info, tags};

/// The most bytes of a name or a note.
const MAX_TEXT: usize = 1_024;

/// An extended public key, with as much of its origin as is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HdKey {
    /// The public key.
    pub public_key: PublicKey,
    /// The chain code; without it nothing can be derived.
    pub chain_code: Option<ChainCode>,
    /// The kind of network.
    pub network: NetworkKind,
    /// How the key was derived.
    pub origin: Option<KeyPath>,
    /// What shall be derived from it.
    pub children: Option<KeyPath>,
    /// The fingerprint of the parent key.
    pub parent_fingerprint: Option<Fingerprint>,
    /// A name.
    pub name: Option<String>,
    /// A note.
    pub note: Option<String>,
}

impl HdKey {
    /// Returns the account key of a wallet. It says nothing of children: both branches are meant.
    ///
    /// # Errors
    ///
    /// The wallet has several keys.
    pub fn of_wallet(wallet: &Wallet) -> Result<HdKey, RegistryError> {
        let single = wallet.single().ok_or(RegistryError::SeveralKeys)?;
        let xpub = single.account_xpub();
        Ok(HdKey {
            public_key: xpub.public_key,
            chain_code: Some(xpub.chain_code),
            network: xpub.network,
            origin: Some(KeyPath {
                steps: single
                    .account_path()
                    .into_iter()
                    .copied()
                    .map(Step::Child)
                    .collect(),
                source_fingerprint: Some(single.fingerprint()),
                depth: None,
            }),
            children: None,
            parent_fingerprint: Some(xpub.parent_fingerprint)
                .filter(|fingerprint| *fingerprint != Fingerprint::default()),
            name: None,
            note: None,
        })
    }

    /// Reads the content of `ur:crypto-hdkey` or `ur:hdkey`.
    pub fn decode(cbor: &[u8]) -> Result<HdKey, RegistryError> {
        Reader::whole(cbor, |reader| {
            reader.perhaps_one_of(tags::HD_KEY)?;
            HdKey::read(reader)
        })
    }

    /// Writes the content of `ur:crypto-hdkey` or `ur:hdkey`.
    pub fn encode(&self, names: Names) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer, names);
        writer.finish()
    }

    /// Returns the BIP32 form. Where the parent's fingerprint is not told, it is 0: such a wallet
    /// has another id than the same wallet with it.
    pub fn xpub(&self) -> Result<Xpub, RegistryError> {
        let origin = self.origin()?;
        let path = origin
            .children()
            .ok_or(RegistryError::Value { field: "origin" })?;
        // At most MAX_STEPS.
        let depth = origin.depth.unwrap_or(path.len() as u8);
        let parent = match (self.parent_fingerprint, path.len()) {
            (Some(parent), _) => parent,
            (None, 1) => origin.source_fingerprint.unwrap_or_default(),
            (None, _) => Fingerprint::default(),
        };
        Ok(Xpub {
            network: self.network,
            depth,
            parent_fingerprint: parent,
            child_number: path
                .last()
                .copied()
                .unwrap_or(ChildNumber::Normal { index: 0 }),
            public_key: self.public_key,
            chain_code: self.chain_code.ok_or(RegistryError::Missing {
                field: "chain code",
            })?,
        })
    }

    /// Returns the descriptor of this key, without a checksum. `master` is the master key's
    /// fingerprint where the key itself tells none; both branches are derived where it tells no
    /// children.
    pub fn descriptor(
        &self,
        script_type: ScriptType,
        master: Option<Fingerprint>,
    ) -> Result<String, RegistryError> {
        let xpub = self.xpub()?;
        let origin = self.origin()?;
        let fingerprint = origin
            .source_fingerprint
            .or(master)
            .ok_or(RegistryError::Missing {
                field: "master fingerprint",
            })?;
        let path: String = origin
            .children()
            .into_iter()
            .flatten()
            .map(|child| format!("/{child:#}"))
            .collect();
        let key = format!("[{fingerprint}{path}]{xpub}{}", self.suffix()?);
        Ok(match script_type {
            ScriptType::Legacy => format!("pkh({key})"),
            ScriptType::Nested => format!("sh(wpkh({key}))"),
            ScriptType::Segwit => format!("wpkh({key})"),
            ScriptType::Taproot => format!("tr({key})"),
        })
    }

    /// As [`HdKey::descriptor`], with the script type of the purpose that the path begins with.
    pub fn descriptor_by_purpose(&self) -> Result<String, RegistryError> {
        let first = self.origin()?.steps.first();
        let script_type = ScriptType::ALL
            .into_iter()
            .find(|script_type| {
                let purpose = ChildNumber::from_hardened_idx(script_type.purpose());
                purpose.is_ok_and(|purpose| first == Some(&Step::Child(purpose)))
            })
            .ok_or(RegistryError::NoScriptType)?;
        self.descriptor(script_type, None)
    }

    fn origin(&self) -> Result<&KeyPath, RegistryError> {
        self.origin
            .as_ref()
            .ok_or(RegistryError::Missing { field: "origin" })
    }

    fn suffix(&self) -> Result<String, RegistryError> {
        let steps = self.children.as_ref().map_or(&[][..], |path| &path.steps);
        if steps.is_empty() {
            return Ok("/<0;1>/*".into());
        }
        let step = |step: &Step| match step {
            Step::Child(ChildNumber::Normal { index }) => Ok(format!("/{index}")),
            Step::Pair(ChildNumber::Normal { index: a }, ChildNumber::Normal { index: b }) => {
                Ok(format!("/<{a};{b}>"))
            }
            Step::Any => Ok("/*".into()),
            _ => Err(RegistryError::Value { field: "children" }),
        };
        steps.iter().map(step).collect()
    }

    /// Reads the map, without its tag.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<HdKey, RegistryError> {
        let (mut public_key, mut chain_code) = (None, None);
        let (mut origin, mut children) = (None, None);
        let (mut network, mut parent_fingerprint) = (NetworkKind::Main, None);
        let (mut name, mut note) = (None, None);
        reader.map(|reader, field| {
            match field {
                // A master key is always private.
                1 | 2 if reader.bool()? => return Err(RegistryError::Private),
                1 | 2 => {}
                3 => public_key = Some(read_public_key(reader)?),
                4 => chain_code = Some(read_chain_code(reader)?),
                5 => network = coin_info::read(reader)?,
                6 => origin = Some(KeyPath::read(reader)?),
                7 => children = Some(KeyPath::read(reader)?),
                8 => parent_fingerprint = Some(reader.u32()?.to_be_bytes().into()),
                9 => name = Some(read_text(reader)?),
                10 => note = Some(read_text(reader)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(HdKey {
            public_key: public_key.ok_or(RegistryError::Missing { field: "key" })?,
            chain_code,
            network,
            origin,
            children,
            parent_fingerprint,
            name,
            note,
        })
    }

    /// Writes the map, without its tag.
    pub(super) fn write(&self, writer: &mut Writer, names: Names) {
        let is_test = self.network == NetworkKind::Test;
        let optional = [
            self.chain_code.is_some(),
            is_test,
            self.origin.is_some(),
            self.children.is_some(),
            self.parent_fingerprint.is_some(),
            self.name.is_some(),
            self.note.is_some(),
        ];
        writer.map(1 + optional.iter().filter(|there| **there).count());
        writer.uint(3);
        writer.bytes(&self.public_key.serialize());
        if let Some(chain_code) = &self.chain_code {
            writer.uint(4);
            writer.bytes(chain_code.as_bytes());
        }
        if is_test {
            writer.uint(5);
            coin_info::write_test(writer, names);
        }
        for (field, path) in [(6, &self.origin), (7, &self.children)] {
            if let Some(path) = path {
                writer.uint(field);
                path.write(writer, names);
            }
        }
        if let Some(parent) = self.parent_fingerprint {
            writer.uint(8);
            writer.uint(u32::from_be_bytes(parent.to_bytes()));
        }
        for (field, text) in [(9, &self.name), (10, &self.note)] {
            if let Some(text) = text {
                writer.uint(field);
                writer.text(text);
            }
        }
    }
}

fn read_public_key(reader: &mut Reader<'_>) -> Result<PublicKey, RegistryError> {
    let bytes = reader.bytes()?;
    match bytes.first() {
        Some(0) => Err(RegistryError::Private),
        Some(2 | 3) if bytes.len() == 33 => {
            PublicKey::from_slice(bytes).map_err(|_| RegistryError::Value { field: "key" })
        }
        _ => Err(RegistryError::Value { field: "key" }),
    }
}

fn read_chain_code(reader: &mut Reader<'_>) -> Result<ChainCode, RegistryError> {
    let bytes: Result<[u8; 32], _> = reader.bytes()?.try_into();
    bytes
        .map(ChainCode::from)
        .map_err(|_| RegistryError::Value {
            field: "chain code",
        })
}

/// Reads a name or a note.
pub(super) fn read_text(reader: &mut Reader<'_>) -> Result<String, RegistryError> {
    let text = reader.text()?;
    if text.len() > MAX_TEXT {
        return Err(RegistryError::Value { field: "text" });
    }
    Ok(text.to_owned())
}
