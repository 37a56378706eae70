//! Reading wallets as other programs write them, and writing them for Bitcoin Core.

use serde::Serialize;
use serde_json::{Map, Value};

use super::WalletKind;
use super::account::Account;
use super::descriptor::{self, AccountDescriptor, Coverage};
use super::{Birthday, Branch, Wallet, WalletError, WalletName, file};
use crate::{Network, ScriptType};

/// More descriptors than one wallet of Bitcoin Core has.
const MAX_DESCRIPTORS: usize = 64;
/// The last index that an export tells Bitcoin Core to watch at first; it goes on by itself.
const CORE_RANGE_END: u32 = 999;

/// What the reader of a wallet file knows besides its contents.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The name to give; needed for files that hold none, and replacing the name of those that do.
    pub name: Option<WalletName>,
    /// The network; needed for files that hold none, and a check for those that do.
    pub network: Option<Network>,
    /// The birthday; replaces the one in the file.
    pub birthday: Option<Birthday>,
    /// The script type to take from a file with several accounts; a check for one account.
    pub script_type: Option<ScriptType>,
}

impl Wallet {
    /// Reads a wallet from a file's bytes, telling its format by its contents.
    ///
    /// Formats: our own JSON ([`Wallet::to_json`]); descriptors as text, one with `/<0;1>/*` or a
    /// pair with `/0/*` and `/1/*`, each on a line, `#` beginning a comment line (as Sparrow writes
    /// it); Bitcoin Core's `importdescriptors` and `listdescriptors` JSON; JSON with `descriptor`
    /// and perhaps `label` (Specter, Sparrow).
    pub fn import(bytes: &[u8], options: &ImportOptions) -> Result<Wallet, WalletError> {
        let text = file::text(bytes)?;
        let found = if text.trim_start().starts_with(['{', '[']) {
            match serde_json::from_str(text).map_err(file::json_error)? {
                Value::Object(object) if file::is_ours(&object) => {
                    return import_own(bytes, options);
                }
                Value::Object(object) if object.contains_key("descriptors") => {
                    core_list(&object, options)?
                }
                Value::Object(object) => labelled(&object)?,
                Value::Array(entries) => core_entries(&entries, options)?,
                _ => return Err(WalletError::NoDescriptor),
            }
        } else {
            Found {
                descriptors: text_descriptors(text)?,
                name: None,
                birthday: None,
            }
        };
        let account = join(found.descriptors, options.script_type)?;
        let name = options
            .name
            .clone()
            .or(found.name)
            .ok_or(WalletError::NameMissing)?;
        let network = options.network.ok_or(WalletError::NetworkMissing)?;
        Wallet::new(name, network, options.birthday.or(found.birthday), account)
    }

    /// Makes a wallet from a descriptor, or from any other text that [`Wallet::import`] reads.
    pub fn from_descriptor(
        text: &str,
        name: WalletName,
        network: Network,
        birthday: Option<Birthday>,
    ) -> Result<Wallet, WalletError> {
        let options = ImportOptions {
            name: Some(name),
            network: Some(network),
            birthday,
            script_type: None,
        };
        Wallet::import(text.as_bytes(), &options)
    }

    /// Returns the JSON argument of Bitcoin Core's `importdescriptors`: both branches, active,
    /// ranged, scanned from the birthday on, or from the first block where there is none.
    /// Pretty-printed, ending in a newline.
    pub fn core_import_json(&self) -> String {
        let entries = Branch::ALL.map(|branch| CoreEntry {
            desc: self.branch_descriptor_text(branch),
            active: true,
            internal: branch == Branch::Change,
            range: [0, CORE_RANGE_END],
            next_index: 0,
            timestamp: self.birthday.map_or(0, Birthday::unix_start),
        });
        // A struct of strings and integers has no error.
        let mut text = serde_json::to_string_pretty(&entries).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// An entry of `importdescriptors`.
#[derive(Serialize)]
struct CoreEntry {
    desc: String,
    active: bool,
    internal: bool,
    range: [u32; 2],
    next_index: u32,
    timestamp: u64,
}

/// What a foreign file holds.
struct Found {
    descriptors: Vec<AccountDescriptor>,
    name: Option<WalletName>,
    birthday: Option<Birthday>,
}

fn import_own(bytes: &[u8], options: &ImportOptions) -> Result<Wallet, WalletError> {
    let mut wallet = Wallet::parse_json(bytes)?;
    if let Some(expected) = options.network.filter(|network| *network != wallet.network) {
        return Err(WalletError::OtherNetwork {
            expected,
            found: wallet.network,
        });
    }
    if let Some(expected) = options
        .script_type
        .filter(|wanted| wallet.kind() != WalletKind::Single(*wanted))
    {
        return Err(WalletError::NoSuchScriptType { expected });
    }
    if let Some(name) = &options.name {
        wallet.name = name.clone();
    }
    wallet.birthday = options.birthday.or(wallet.birthday);
    Ok(wallet)
}

fn text_descriptors(text: &str) -> Result<Vec<AccountDescriptor>, WalletError> {
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut descriptors = Vec::new();
    for line in lines {
        if !line.contains('(') {
            return Err(WalletError::NoDescriptor);
        }
        if descriptors.len() == MAX_DESCRIPTORS {
            return Err(WalletError::TooManyDescriptors {
                limit: MAX_DESCRIPTORS,
            });
        }
        descriptors.push(descriptor::parse(line)?);
    }
    Ok(descriptors)
}

/// Reads the result of `listdescriptors`.
fn core_list(object: &Map<String, Value>, options: &ImportOptions) -> Result<Found, WalletError> {
    let entries = object
        .get("descriptors")
        .and_then(Value::as_array)
        .ok_or(WalletError::NoDescriptor)?;
    core_entries(entries, options)
}

/// Reads descriptors with `desc`, and perhaps `internal` and `timestamp`. Kinds that are not
/// supported are skipped only when a script type is told.
fn core_entries(entries: &[Value], options: &ImportOptions) -> Result<Found, WalletError> {
    if entries.len() > MAX_DESCRIPTORS {
        return Err(WalletError::TooManyDescriptors {
            limit: MAX_DESCRIPTORS,
        });
    }
    let mut descriptors = Vec::new();
    let mut earliest = Some(u64::MAX);
    for entry in entries {
        let text = entry
            .get("desc")
            .and_then(Value::as_str)
            .ok_or(WalletError::NoDescriptor)?;
        let parsed = match descriptor::parse(text) {
            Err(WalletError::NotSupported { .. }) if options.script_type.is_some() => continue,
            parsed => parsed?,
        };
        if options
            .script_type
            .is_some_and(|wanted| wanted != parsed.account.script_type)
        {
            continue;
        }
        check_internal(entry, parsed.coverage)?;
        earliest = earliest.and_then(|time| Some(time.min(entry.get("timestamp")?.as_u64()?)));
        descriptors.push(parsed);
    }
    Ok(Found {
        descriptors,
        name: None,
        birthday: earliest.and_then(Birthday::from_unix),
    })
}

fn check_internal(entry: &Value, coverage: Coverage) -> Result<(), WalletError> {
    match (entry.get("internal").and_then(Value::as_bool), coverage) {
        (Some(internal), Coverage::One(branch)) if internal != (branch == Branch::Change) => {
            Err(WalletError::Internal { branch, internal })
        }
        _ => Ok(()),
    }
}

/// Reads Specter's format, in which a descriptor of the receive branch stands for both.
fn labelled(object: &Map<String, Value>) -> Result<Found, WalletError> {
    let text = object
        .get("descriptor")
        .and_then(Value::as_str)
        .ok_or(WalletError::NoDescriptor)?;
    let mut parsed = descriptor::parse(text)?;
    if parsed.coverage == Coverage::One(Branch::Receive) && object.contains_key("label") {
        parsed.coverage = Coverage::Both;
    }
    let label = object.get("label").and_then(Value::as_str);
    let name = label.and_then(|label| label.parse().ok());
    Ok(Found {
        descriptors: vec![parsed],
        name,
        birthday: None,
    })
}

/// Joins descriptors of one account; both branches must be there.
fn join(
    descriptors: Vec<AccountDescriptor>,
    script_type: Option<ScriptType>,
) -> Result<Account, WalletError> {
    if descriptors.is_empty() && script_type.is_none() {
        return Err(WalletError::NoDescriptor);
    }
    let mut accounts: Vec<(Account, [bool; 2])> = Vec::new();
    for AccountDescriptor { account, coverage } in descriptors {
        if script_type.is_some_and(|wanted| wanted != account.script_type) {
            continue;
        }
        let position = accounts
            .iter()
            .position(|(known, _)| *known == account)
            .unwrap_or_else(|| {
                accounts.push((account, [false; 2]));
                accounts.len() - 1
            });
        let (_, [receive, change]) = &mut accounts[position];
        *receive |= coverage != Coverage::One(Branch::Change);
        *change |= coverage != Coverage::One(Branch::Receive);
    }
    let count = accounts.len();
    match (accounts.pop(), count) {
        (Some((account, [true, true])), 1) => Ok(account),
        (Some((_, [receive, _])), 1) => {
            let missing = if receive {
                Branch::Change
            } else {
                Branch::Receive
            };
            Err(WalletError::BranchMissing { missing })
        }
        (Some(_), _) => Err(WalletError::SeveralAccounts { count }),
        (None, _) => match script_type {
            Some(expected) => Err(WalletError::NoSuchScriptType { expected }),
            None => Err(WalletError::NoDescriptor),
        },
    }
}
