//! `wallet list`, `wallet show` and `wallet seen`.

use cofferdam_core::wallet::WalletName;

use super::Screen;
use super::session::{Opening, Session};
use crate::body::Registered;
use crate::error::Failure;
use crate::journal::Memory;
use crate::protocol::{Outcome, WalletFacts, WalletJob};

/// Reads or marks registered wallets.
pub(super) fn wallet(open: Opening, job: WalletJob, screen: &mut Screen) -> Result<Outcome, Failure> {
    match job {
        WalletJob::List => {
            let session = open.read(screen)?;
            let wallets = session.body.wallets.iter().map(|known| facts(&session, known));
            Ok(Outcome::Wallets {
                wallets: wallets.collect(),
            })
        }
        WalletJob::Show(name) => {
            let session = open.read(screen)?;
            let known = session.body.wallet(&name).ok_or_else(|| unknown(&name))?;
            Ok(Outcome::Wallet(facts(&session, known)))
        }
        WalletJob::Seen { name, index, change } => seen(open, &name, index, change, screen),
    }
}

fn seen(
    open: Opening,
    name: &WalletName,
    index: u32,
    change: Option<bool>,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let mut session = open.write(screen)?;
    let wallets = &mut session.body.wallets;
    let known = wallets.iter_mut().find(|known| known.wallet.name() == name);
    let known = known.ok_or_else(|| unknown(name))?;
    // Proves that the index is one.
    known
        .wallet
        .script_pubkey(cofferdam_core::wallet::Branch::Receive, index)?;
    if change != Some(true) {
        known.seen.receive = known.seen.receive.max(Some(index));
    }
    if change != Some(false) {
        known.seen.change = known.seen.change.max(Some(index));
    }
    session.commit(Vec::new())?;
    let known = session.body.wallet(name).ok_or_else(|| unknown(name))?;
    Ok(Outcome::Wallet(facts(&session, known)))
}

fn facts(session: &Session, known: &Registered) -> WalletFacts {
    let wallet = &known.wallet;
    let remembered = session
        .journal()
        .ok()
        .and_then(|journal| Memory::of(journal.log().entries()).highest_change(wallet.id()));
    WalletFacts {
        name: wallet.name().to_string(),
        id: wallet.id(),
        network: wallet.network(),
        script: wallet.script_type(),
        descriptor: wallet.descriptor_text(),
        birthday: wallet.birthday().map(|birthday| birthday.to_string()),
        signs: session.body.account(wallet.name()).is_some(),
        seen_receive: known.seen.receive,
        seen_change: known.seen.change.max(remembered),
    }
}

fn unknown(name: &WalletName) -> Failure {
    Failure::usage(format!("there is no wallet {name}"), "see `wallet list`")
}
