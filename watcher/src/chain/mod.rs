//! Where blocks come from and transactions go to.
//!
//! - [`Blocks`]: headers, blocks and their filters. [`Relay`]: the memory pool, and what sends
//!   transactions. Some kinds of sources have one of them and not the other.
//! - [`core_rpc`]: a Bitcoin Core node.
//! - [`rehearsal`]: a regtest chain inside the data folder, for demos, training and tests.
//! - [`scripts`]: script checks, by Bitcoin Core's consensus code.
//! - [`error`]: what keeps a source from answering.

pub mod blocks;
pub mod core_rpc;
pub mod error;
pub mod rehearsal;
pub mod relay;
pub mod scripts;

use std::future::Future;
use std::pin::Pin;

use cofferdam_core::Network;

use crate::data_folder::DataFolder;
use crate::settings::ChainSettings;

pub use crate::tip::Tip;
pub use blocks::Blocks;
pub use error::{ChainError, NodeError, RehearsalError};
pub use relay::{Relay, SatPerKvb, Sent, TestAccept};

/// What a call to a chain source returns: a future, so that several can wait at once.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ChainError>> + Send + 'a>>;

/// A chain and its network, seen through one source.
pub trait ChainSource: Blocks + Relay {}

impl<T: Blocks + Relay> ChainSource for T {}

/// Something that shows a chain, whatever it has of it.
pub trait Source: Send + Sync + std::fmt::Debug {
    /// Returns a short description for people, such as the address of the node.
    fn describe(&self) -> String;

    /// Returns the network, after checking that the source is ready to serve.
    fn network(&self) -> Answer<'_, Network>;
}

/// Opens the source that the settings name, and checks that it answers and is ready.
pub async fn open(
    settings: &ChainSettings,
    folder: &DataFolder,
) -> Result<Box<dyn ChainSource>, crate::Error> {
    let source: Box<dyn ChainSource> = match settings {
        ChainSettings::Core(node) => Box::new(core_rpc::CoreRpc::connect(node)?),
        ChainSettings::Rehearsal => {
            Box::new(rehearsal::Rehearsal::open(&folder.rehearsal()).await?)
        }
    };
    source.network().await?;
    Ok(source)
}
