//! The options that name a chain source; every command that talks to a chain takes them.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::context::Context;
use crate::chain::{self, ChainSource};
use crate::error::{CommandError, Error};
use crate::settings::{self, ChainSettings, Credentials, NodeSettings, SettingsError};
use crate::sync;

/// Names a chain source. Without any of these, what the last `sync` used.
#[derive(Clone, Default, Args)]
#[command(next_help_heading = "Chain")]
pub struct ChainArgs {
    /// Where blocks come from [default: what the last sync used].
    #[arg(long, value_enum)]
    pub chain: Option<ChainKind>,
    /// The address of the node's RPC server, such as http://127.0.0.1:8332.
    #[arg(long, value_name = "URL")]
    pub rpc_url: Option<String>,
    /// The node's cookie file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rpc_user", "rpc_password_file"])]
    pub rpc_cookie: Option<PathBuf>,
    /// The user of the RPC server.
    #[arg(long, value_name = "USER", requires = "rpc_password_file")]
    pub rpc_user: Option<String>,
    /// The file with that user's password.
    #[arg(long, value_name = "FILE", requires = "rpc_user")]
    pub rpc_password_file: Option<PathBuf>,
}

/// The kinds of chain sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChainKind {
    /// A Bitcoin Core node.
    Core,
    /// The rehearsal chain of the data folder.
    Rehearsal,
}

impl fmt::Debug for ChainArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainArgs")
            .field("chain", &self.chain)
            .field(
                "rpc_url",
                &self.rpc_url.as_deref().map(settings::shown_address),
            )
            .field("rpc_cookie", &self.rpc_cookie)
            .field("rpc_user", &self.rpc_user)
            .field("rpc_password_file", &self.rpc_password_file)
            .finish()
    }
}

impl ChainArgs {
    /// Returns the settings that the options name, or the stored ones.
    pub fn settings(&self, context: &Context) -> Result<ChainSettings, Error> {
        let names_node =
            self.rpc_url.is_some() || self.rpc_cookie.is_some() || self.rpc_user.is_some();
        match self.chain {
            Some(ChainKind::Rehearsal) if names_node => Err(usage(
                "the rehearsal chain has no RPC server",
                "leave the --rpc options out",
            )),
            Some(ChainKind::Rehearsal) => Ok(ChainSettings::Rehearsal),
            Some(ChainKind::Core) if names_node => Ok(ChainSettings::Core(self.node()?)),
            None if names_node => Err(usage("--rpc options without --chain", "add --chain core")),
            Some(ChainKind::Core) => match settings::load(&context.folder)? {
                Some(settings @ ChainSettings::Core(_)) => Ok(settings),
                _ => Err(usage(
                    "--chain core needs the node's address",
                    "add --rpc-url URL --rpc-cookie FILE",
                )),
            },
            None => Ok(settings::load(&context.folder)?.ok_or(SettingsError::NoChain)?),
        }
    }

    /// Opens the chain source, and checks that it answers, is ready, and shows the chain that the
    /// ledger follows.
    pub async fn open(&self, context: &Context) -> Result<Box<dyn ChainSource>, Error> {
        let settings = self.settings(context)?;
        let source = chain::open(&settings, &context.folder).await?;
        let mut view = context.store.read().await?;
        sync::check_chain(&mut view, source.as_ref(), settings.kind()).await?;
        Ok(source)
    }

    fn node(&self) -> Result<NodeSettings, Error> {
        let rpc_url = self
            .rpc_url
            .clone()
            .ok_or_else(|| usage("--rpc-url is missing", "add --rpc-url URL"))?;
        let credentials = match (&self.rpc_cookie, &self.rpc_user, &self.rpc_password_file) {
            (Some(cookie), _, _) => Credentials::Cookie {
                rpc_cookie: absolute(cookie),
            },
            (None, Some(user), Some(file)) => Credentials::Password {
                rpc_user: user.clone(),
                rpc_password_file: absolute(file),
            },
            _ => {
                let hint = "add --rpc-cookie FILE, or --rpc-user USER --rpc-password-file FILE";
                return Err(usage("the node's credentials are missing", hint));
            }
        };
        Ok(NodeSettings {
            rpc_url,
            credentials,
        })
    }
}

/// Returns the path from the root, so that later commands find the file from any folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn usage(message: &str, hint: &str) -> Error {
    CommandError::Usage {
        message: message.into(),
        hint: hint.into(),
    }
    .into()
}
