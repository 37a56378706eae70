//! The wallet's JSON file. `docs/formats/wallet.md` describes it.

use bitcoin::XOnlyPublicKey;
use serde::{Deserialize, Serialize};

use super::descriptor::{self, Coverage};
use super::{Branch, Wallet, WalletError};

/// What the file says it is.
const FORMAT: &str = "cofferdam-wallet";
/// The newest version read. A file with any new field has a new version; one without is written as
/// the older version, so that older programs read it.
const VERSION: u64 = 2;
/// The version before `receipt_key`.
const WITHOUT_RECEIPT_KEY: u64 = 1;
/// More than any wallet file has, be it Bitcoin Core's list of all of its descriptors.
const MAX_BYTES: usize = 1 << 20;
/// The longest reason that is repeated from the JSON parser.
const MAX_REASON: usize = 120;

/// The file's fields. Only name, network and descriptor are required; what is there must be right.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WalletFile {
    format: Option<String>,
    version: Option<u64>,
    id: Option<String>,
    name: String,
    network: String,
    descriptor: String,
    birthday: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt_key: Option<String>,
}

/// The fields that tell whether the others can be understood.
#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u64>,
}

impl Wallet {
    /// Reads a wallet from its own JSON file.
    ///
    /// Unknown and repeated fields are refused; so is a newer version, with an error of its own.
    /// The descriptor must be multipath and have its checksum. An id, where there is one, must be
    /// that of network and descriptor.
    pub fn parse_json(bytes: &[u8]) -> Result<Wallet, WalletError> {
        let text = text(bytes)?;
        let head: Head = serde_json::from_str(text).map_err(json_error)?;
        check_head(head.format.as_deref(), head.version)?;
        let file: WalletFile = serde_json::from_str(text).map_err(json_error)?;
        Wallet::try_from(file)
    }

    /// Returns the wallet's JSON file: pretty-printed, ending in a newline.
    pub fn to_json(&self) -> String {
        // A struct of strings and integers has no error.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl TryFrom<WalletFile> for Wallet {
    type Error = WalletError;

    fn try_from(file: WalletFile) -> Result<Wallet, WalletError> {
        check_head(file.format.as_deref(), file.version)?;
        let network = file
            .network
            .parse()
            .map_err(|_| WalletError::UnknownNetwork)?;
        let birthday = file.birthday.as_deref().map(str::parse).transpose()?;
        let parsed = descriptor::parse_with_checksum(&file.descriptor)?;
        if let Coverage::One(Branch::Receive) = parsed.coverage {
            return Err(WalletError::BranchMissing {
                missing: Branch::Change,
            });
        } else if let Coverage::One(Branch::Change) = parsed.coverage {
            return Err(WalletError::BranchMissing {
                missing: Branch::Receive,
            });
        }
        let receipt_key = receipt_key(file.receipt_key.as_deref(), file.version)?;
        let wallet = Wallet::new(file.name.parse()?, network, birthday, parsed.account)?;
        let wallet = wallet.with_receipt_key(receipt_key);
        match file.id.as_deref().map(str::parse).transpose() {
            Ok(None) => Ok(wallet),
            Ok(Some(found)) if found == wallet.id => Ok(wallet),
            Ok(Some(found)) => Err(WalletError::Id {
                expected: wallet.id,
                found,
            }),
            Err(malformed) => Err(WalletError::MalformedId(malformed)),
        }
    }
}

impl From<&Wallet> for WalletFile {
    fn from(wallet: &Wallet) -> WalletFile {
        WalletFile {
            format: Some(FORMAT.into()),
            version: Some(match wallet.receipt_key {
                Some(_) => VERSION,
                None => WITHOUT_RECEIPT_KEY,
            }),
            id: Some(wallet.id.to_string()),
            name: wallet.name.to_string(),
            network: wallet.network.name().into(),
            descriptor: wallet.descriptor_text(),
            birthday: wallet.birthday.map(|birthday| birthday.to_string()),
            receipt_key: wallet.receipt_key.map(|key| key.to_string()),
        }
    }
}

/// Reads the receipt key, which a file of version 2 may have.
fn receipt_key(
    text: Option<&str>,
    version: Option<u64>,
) -> Result<Option<XOnlyPublicKey>, WalletError> {
    let Some(text) = text else {
        return Ok(None);
    };
    if version != Some(VERSION) {
        return Err(WalletError::ReceiptKeyVersion);
    }
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    match text.parse() {
        Ok(key) if lower => Ok(Some(key)),
        _ => Err(WalletError::ReceiptKey),
    }
}

impl Serialize for Wallet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WalletFile::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Wallet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Wallet, D::Error> {
        Wallet::try_from(WalletFile::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Returns a file's text, after refusing what no wallet file is. A byte order mark is left out.
pub(super) fn text(bytes: &[u8]) -> Result<&str, WalletError> {
    if bytes.len() > MAX_BYTES {
        return Err(WalletError::TooLarge {
            limit: MAX_BYTES,
            found: bytes.len(),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| WalletError::NotText)?;
    if descriptor::holds_private_key(text) {
        return Err(WalletError::PrivateKey);
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Returns whether a JSON object is a wallet file of ours, of any version.
pub(super) fn is_ours(object: &serde_json::Map<String, serde_json::Value>) -> bool {
    object.contains_key("network") || object.get("format").is_some_and(|format| format == FORMAT)
}

/// Says what is wrong with JSON, without repeating values of the file.
pub(super) fn json_error(error: serde_json::Error) -> WalletError {
    let message = error.to_string();
    let names_a_field = ["unknown field", "missing field", "duplicate field"]
        .iter()
        .any(|beginning| message.starts_with(beginning));
    let reason = if !error.is_data() {
        "it is not well-formed JSON".to_owned()
    } else if names_a_field {
        let sentence = message.split(" at line ").next().unwrap_or_default();
        sentence
            .chars()
            .take(MAX_REASON)
            .flat_map(char::escape_debug)
            .collect()
    } else {
        "a value has the wrong type".to_owned()
    };
    WalletError::Json {
        line: error.line(),
        column: error.column(),
        reason,
    }
}

fn check_head(format: Option<&str>, version: Option<u64>) -> Result<(), WalletError> {
    if format.is_some_and(|format| format != FORMAT) || version == Some(0) {
        return Err(WalletError::Format { expected: FORMAT });
    }
    match version {
        Some(found) if found > VERSION => Err(WalletError::NewerVersion {
            found,
            supported: VERSION,
        }),
        _ => Ok(()),
    }
}
