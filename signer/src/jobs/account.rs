//! `account add` and `account list`.

use cofferdam_core::ScriptType;
use cofferdam_core::keys::{AccountKey, MasterKey};
use cofferdam_core::wallet::Birthday;
use cofferdam_core::wallet::WalletName;

use super::Screen;
use super::Work;
use super::session::{Opening, Session};
use crate::body::{Account, Registered, Seen};
use crate::error::{Exit, Failure};
use crate::protocol::{AccountFacts, Outcome};
use serde::{Deserialize, Serialize};

/// Adds an account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountJob {
    /// Its name.
    pub(crate) name: WalletName,
    /// Its script type.
    pub(crate) script_type: ScriptType,
    /// Its number.
    pub(crate) index: u32,
    /// The day before which it received nothing.
    pub(crate) birthday: Option<Birthday>,
}

/// Lists the accounts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountListJob;

impl Work for AccountJob {
    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        add(open, self, screen)
    }
}

impl Work for AccountListJob {
    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        list(open, screen)
    }
}

/// Adds an account, and registers its wallet under the same name.
///
/// The very same account again is no error, so that an interrupted script can be run again.
pub(super) fn add(open: Opening, job: AccountJob, screen: &mut Screen) -> Result<Outcome, Failure> {
    let mut session = open.write(screen)?;
    let account = Account {
        name: job.name,
        script_type: job.script_type,
        index: job.index,
    };
    if let Some(there) = session.body.account(&account.name) {
        if *there == account {
            let facts = facts(&session, &account)?;
            return Ok(Outcome::Account(facts));
        }
        return Err(conflict(format!(
            "account {} exists already: {} {}",
            there.name, there.script_type, there.index
        )));
    }
    if session.body.wallet(&account.name).is_some() {
        return Err(conflict(format!(
            "a wallet named {} exists already",
            account.name
        )));
    }
    let same =
        |there: &&Account| (there.script_type, there.index) == (account.script_type, account.index);
    if let Some(there) = session.body.accounts.iter().find(same) {
        return Err(conflict(format!(
            "{} account {} is there already, as {}",
            there.script_type, there.index, there.name
        )));
    }
    let wallet =
        key(&session, &account)?.wallet(account.script_type, account.name.clone(), job.birthday)?;
    session.body.accounts.push(account.clone());
    session.body.wallets.push(Registered {
        wallet,
        seen: Seen::default(),
    });
    session.commit(Vec::new())?;
    Ok(Outcome::Account(facts(&session, &account)?))
}

/// Lists the accounts.
pub(super) fn list(open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
    let session = open.read(screen)?;
    let accounts = session
        .body
        .accounts
        .iter()
        .map(|account| facts(&session, account));
    Ok(Outcome::Accounts {
        accounts: accounts.collect::<Result<_, _>>()?,
    })
}

/// Derives an account's key.
pub(super) fn key(session: &Session, account: &Account) -> Result<AccountKey, Failure> {
    let master = MasterKey::from_seed(&session.seed, session.body.network)?;
    Ok(master.account(account.script_type, account.index)?)
}

/// Finds the wallet of an account by its name.
pub(super) fn wallet<'a>(
    session: &'a Session,
    name: &WalletName,
) -> Result<&'a Registered, Failure> {
    session.body.wallet(name).ok_or_else(|| {
        let names: Vec<&str> = session
            .body
            .wallets
            .iter()
            .map(|known| known.wallet.name().as_str())
            .collect();
        Failure::usage(
            format!("there is no account {name}"),
            match names[..] {
                [] => "make one with `account add`".to_owned(),
                _ => format!("there is: {}", names.join(", ")),
            },
        )
    })
}

fn facts(session: &Session, account: &Account) -> Result<AccountFacts, Failure> {
    let known = wallet(session, &account.name)?;
    let path = known
        .wallet
        .single()
        .map(|single| single.account_path().to_string());
    let path = path.unwrap_or_default();
    Ok(AccountFacts {
        name: account.name.to_string(),
        id: known.wallet.id(),
        script: account.script_type,
        index: account.index,
        path: format!("m/{path}").replace('\'', "h"),
        network: session.body.network,
        descriptor: known.wallet.descriptor_text(),
    })
}

fn conflict(message: String) -> Failure {
    Failure::new(
        Exit::Conflict,
        "account-exists",
        message,
        "choose another --name, and another --index for a second account of one script type",
    )
}
