//! What the screen process reads and writes for each command. What the others do is in `jobs`.

use super::{Command, Global};
use crate::process::Reach;

/// Returns the screen's reach for a command; nothing for those that only ask the key process.
pub(super) fn of(command: &Command, global: &Global) -> Reach {
    let reach = Reach::default().asks();
    let beside_vault = |reach: Reach| {
        global
            .vault
            .iter()
            .fold(reach, |reach, vault| reach.changes_beside(vault))
    };
    match command {
        Command::Export(args) => args.reach(reach),
        Command::Sign(args) => args.reach(reach),
        Command::Scan(args) => args.reach(reach),
        Command::Qr(args) => args.reach(reach),
        Command::Verify(args) => args.reach(beside_vault(reach)),
        Command::Repair(args) => args.reach(beside_vault(reach)),
        Command::SelfCheck(args) => args.reach(reach),
        Command::Prune(_) => beside_vault(reach),
        Command::Init(_)
        | Command::Restore(_)
        | Command::Account(_)
        | Command::Address(_)
        | Command::Wallet(_)
        | Command::Inspect(_)
        | Command::Journal(_)
        | Command::Passphrase(_)
        | Command::Policy(_)
        | Command::Backup(_)
        | Command::Completions(_)
        | Command::Man(_) => reach,
    }
}
