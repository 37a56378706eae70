//! `address`: deriving an address from the keys' own wallet, and finding where a given one is:
//! where the journal knows it to be, however far out, or else by deriving address after address.

use cofferdam_core::wallet::WalletName;
use std::str::FromStr;

use bitcoin::address::NetworkUnchecked;
use bitcoin::{Address, Script};
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_memory::ordinary;

use super::Screen;
use super::Work;
use super::account;
use super::session::{Opening, Session};
use crate::error::{Exit, Failure};
use crate::journal::Memory;
use crate::protocol::{AddressFacts, Outcome};
use serde::{Deserialize, Serialize};

/// Derives or checks an address.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum AddressJob {
    /// The address at an index.
    At {
        /// The account.
        account: WalletName,
        /// Whether it is on the change branch.
        change: bool,
        /// The index.
        index: u32,
    },
    /// Where a given address is.
    Check {
        /// The account.
        account: WalletName,
        /// The address.
        address: String,
        /// The number of indices of each branch to search.
        range: u32,
    },
}

impl Work for AddressJob {
    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        address(open, self, screen)
    }
}

/// Derives or checks an address.
pub(super) fn address(
    open: Opening,
    job: AddressJob,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    match job {
        AddressJob::At {
            account: name,
            change,
            index,
        } => {
            let session = open.read(screen)?;
            let wallet = &account::wallet(&session, &name)?.wallet;
            let branch = if change {
                Branch::Change
            } else {
                Branch::Receive
            };
            Ok(Outcome::Address(facts(wallet, branch, index)?))
        }
        AddressJob::Check {
            account: name,
            address,
            range,
        } => {
            let session = open.read(screen)?;
            let wallet = &account::wallet(&session, &name)?.wallet;
            let script = parse(&address, wallet)?.script_pubkey();
            if let Some((branch, index)) = known_place(&session, wallet, &script, range) {
                return Ok(Outcome::Address(facts(wallet, branch, index)?));
            }
            for branch in Branch::ALL {
                for index in 0..range {
                    if wallet.owns(branch, index, &script) {
                        return Ok(Outcome::Address(facts(wallet, branch, index)?));
                    }
                }
            }
            Err(Failure::new(
                Exit::Refused,
                "not-ours",
                format!(
                    "the address is none of the first {range} receive or change addresses of account {}, and the journal knows \
                     it of no transaction that was signed",
                    wallet.name()
                ),
                "do not give it out; if the account has more addresses, search further with --range, or derive the one in \
                 question with --index",
            ))
        }
    }
}

/// Finds the place of a script in what the journal knows of the wallet; what it says is proven by
/// derivation.
fn known_place(
    session: &Session,
    wallet: &Wallet,
    script: &Script,
    range: u32,
) -> Option<(Branch, u32)> {
    let log = session.journal().ok()?.log();
    let places =
        ordinary(|| Memory::of(log.entries()).places(*wallet.id().as_bytes(), script, range));
    let mut places = places
        .into_iter()
        .filter_map(|place| Some((Branch::from_step(place.branch)?, place.index)));
    places.find(|(branch, index)| wallet.owns(*branch, *index, script))
}

fn parse(text: &str, wallet: &Wallet) -> Result<Address, Failure> {
    let address = Address::<NetworkUnchecked>::from_str(text).map_err(|_| {
        Failure::new(
            Exit::Malformed,
            "invalid-address",
            "this is no address: a character of it is wrong or missing",
            "copy the address again",
        )
    })?;
    address
        .require_network(wallet.network().to_bitcoin())
        .map_err(|_| {
            Failure::new(
                Exit::Refused,
                "wrong-network",
                format!(
                    "the address is of another network than the vault's, {}",
                    wallet.network()
                ),
                "do not give it out",
            )
        })
}

fn facts(wallet: &Wallet, branch: Branch, index: u32) -> Result<AddressFacts, Failure> {
    let (_, (_, path)) = wallet.key_origin(branch, index)?;
    Ok(AddressFacts {
        address: wallet.address(branch, index)?.to_string(),
        index,
        branch: branch.to_string(),
        account: wallet.name().to_string(),
        path: format!("m/{path}").replace('\'', "h"),
    })
}
