//! `watcher.toml`: the settings that `sync` remembers for later commands. It never holds a
//! password.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data_folder::DataFolder;
use crate::error::{Coded, Exit};
use crate::private;
use crate::remedy::Remedy;

/// Which chain source to use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "lowercase")]
pub enum ChainSettings {
    /// A Bitcoin Core node.
    Core(NodeSettings),
    /// The rehearsal chain of the data folder.
    Rehearsal,
}

impl ChainSettings {
    /// Returns which chain the source shows.
    pub fn kind(&self) -> ChainKind {
        match self {
            ChainSettings::Core(_) => ChainKind::Network,
            ChainSettings::Rehearsal => ChainKind::Rehearsal,
        }
    }
}

/// Which chain a ledger follows. The rehearsal chain and a real regtest begin with the same block
/// and have nothing else in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    /// The chain of the ledger's network, whoever shows it.
    Network,
    /// The rehearsal chain of the data folder.
    Rehearsal,
}

impl std::fmt::Display for ChainKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ChainKind::Network => "the network's chain",
            ChainKind::Rehearsal => "the rehearsal chain",
        })
    }
}

/// How to reach a Bitcoin Core node. `Debug` shows of the address what [`shown_address`] does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSettings {
    /// The address of its RPC server, such as `http://127.0.0.1:8332`.
    pub rpc_url: String,
    /// How the watcher proves who it is.
    #[serde(flatten)]
    pub credentials: Credentials,
}

impl fmt::Debug for NodeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeSettings")
            .field("rpc_url", &shown_address(&self.rpc_url))
            .field("credentials", &self.credentials)
            .finish()
    }
}

/// Returns of an address what may be shown: scheme, host and port. Of whatever is no such address,
/// nothing: a password may stand anywhere in it.
pub fn shown_address(text: &str) -> String {
    let shown = reqwest::Url::parse(text).ok().and_then(|url| {
        let host = url.host_str().filter(|host| !host.is_empty())?;
        let scheme = matches!(url.scheme(), "http" | "https").then(|| url.scheme())?;
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        Some(format!("{scheme}://{host}{port}"))
    });
    shown.unwrap_or_else(|| "(not repeated, for it may hold a password)".into())
}

/// How the watcher proves to the node who it is. Secrets stay in files of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Credentials {
    /// The cookie file that the node writes at each start.
    Cookie {
        /// Its path.
        rpc_cookie: PathBuf,
    },
    /// A user with a password in a file.
    Password {
        /// The user's name.
        rpc_user: String,
        /// The file with the password; one trailing newline is stripped.
        rpc_password_file: PathBuf,
    },
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    chain: Option<ChainSettings>,
}

/// Returns the chain settings of the data folder; `None` when none were stored.
pub fn load(folder: &DataFolder) -> Result<Option<ChainSettings>, SettingsError> {
    let path = folder.settings();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(SettingsError::Io {
                action: "read",
                path,
                source,
            });
        }
    };
    // The parser's own words quote what stands there, which may be an address with a password.
    let settings: Settings = toml::from_str(&text).map_err(|error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or("");
        SettingsError::Malformed {
            path,
            reason: format!(
                "line {} is not as this program writes it",
                before.lines().count().max(1)
            ),
        }
    })?;
    Ok(settings.chain)
}

/// Stores the chain settings, replacing the file at once and durably; a file that says the same
/// already is not touched.
pub fn save(folder: &DataFolder, chain: &ChainSettings) -> Result<(), SettingsError> {
    if load(folder)?.as_ref() == Some(chain) {
        return Ok(());
    }
    let path = folder.settings();
    let text = toml::to_string(&Settings {
        chain: Some(chain.clone()),
    })
    .map_err(|error| SettingsError::Malformed {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    private::replace(&path, text.as_bytes()).map_err(|source| SettingsError::Io {
        action: "write",
        path,
        source,
    })
}

/// The settings cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file says something else than settings. What it says is not repeated.
    #[error("{path} is malformed: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file cannot be read or written.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// "read" or "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No chain source was ever named.
    #[error("no chain source is known for this data folder")]
    NoChain,
}

impl Coded for SettingsError {
    fn exit(&self) -> Exit {
        match self {
            SettingsError::Malformed { .. } => Exit::Malformed,
            SettingsError::Io { .. } => Exit::Storage,
            SettingsError::NoChain => Exit::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            SettingsError::Malformed { .. } => "settings-malformed",
            SettingsError::Io { .. } => "settings-storage",
            SettingsError::NoChain => "chain-unknown",
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            SettingsError::Malformed { .. } => Remedy::CorrectSettings,
            SettingsError::Io { .. } => Remedy::FreeSpace,
            SettingsError::NoChain => Remedy::NameChain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ChainSettings, Credentials, NodeSettings, load, save};
    use crate::data_folder::DataFolder;

    #[test]
    fn settings_round_trip() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temporary.path()).unwrap();
        assert_eq!(load(&folder).unwrap(), None);
        let cookie = Credentials::Cookie {
            rpc_cookie: "/node/.cookie".into(),
        };
        let password = Credentials::Password {
            rpc_user: "cofferdam".into(),
            rpc_password_file: "/secret".into(),
        };
        for chain in [
            ChainSettings::Rehearsal,
            ChainSettings::Core(NodeSettings {
                rpc_url: "http://127.0.0.1:18443".into(),
                credentials: cookie,
            }),
            ChainSettings::Core(NodeSettings {
                rpc_url: "http://node:8332".into(),
                credentials: password,
            }),
        ] {
            save(&folder, &chain).unwrap();
            assert_eq!(load(&folder).unwrap(), Some(chain));
        }
        std::fs::write(folder.settings(), "[chain]\nsource = \"core\"\n").unwrap();
        assert!(load(&folder).unwrap_err().to_string().contains("malformed"));
    }
}
