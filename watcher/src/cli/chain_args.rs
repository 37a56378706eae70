//! The options that name a chain source; every command that talks to a chain takes them.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::service::{SourceKind, SourceRequest};

/// Names a chain source. Without any of these, what the last `sync` used.
#[derive(Clone, Default, Args)]
#[command(next_help_heading = "Chain")]
pub struct ChainArgs {
    /// Where blocks come from [default: what the last sync used].
    #[arg(long, value_enum)]
    pub chain: Option<SourceName>,
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

/// The kinds of chain sources, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SourceName {
    /// A Bitcoin Core node.
    Core,
    /// The rehearsal chain of the data folder.
    Rehearsal,
}

impl From<ChainArgs> for SourceRequest {
    fn from(args: ChainArgs) -> Self {
        SourceRequest {
            kind: args.chain.map(|name| match name {
                SourceName::Core => SourceKind::Core,
                SourceName::Rehearsal => SourceKind::Rehearsal,
            }),
            rpc_url: args.rpc_url,
            rpc_cookie: args.rpc_cookie,
            rpc_user: args.rpc_user,
            rpc_password_file: args.rpc_password_file,
        }
    }
}

/// Shows of the address what may be shown: a password may stand in it.
impl fmt::Debug for ChainArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SourceRequest::from(self.clone()).fmt(f)
    }
}
