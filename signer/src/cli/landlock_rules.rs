//! What the screen process reads and writes for each command. What the others do is in `jobs`.

use super::{Command, Global};
use crate::process::LandlockRules;

/// Returns the Landlock rules of the screen process for a command; nothing for those that only ask
/// the key process.
pub(super) fn of(command: &Command, global: &Global) -> LandlockRules {
    let rules = LandlockRules::default().asks();
    let beside_vault = |rules: LandlockRules| {
        global
            .vault
            .iter()
            .fold(rules, |rules, vault| rules.changes_beside(vault))
    };
    match command {
        Command::Export(args) => args.landlock_rules(rules),
        Command::Sign(args) => args.landlock_rules(rules),
        Command::Scan(args) => args.landlock_rules(rules),
        Command::Qr(args) => args.landlock_rules(rules),
        Command::Verify(args) => args.landlock_rules(beside_vault(rules)),
        Command::Repair(args) => args.landlock_rules(beside_vault(rules)),
        Command::SelfCheck(args) => args.landlock_rules(rules),
        Command::Prune(_) => beside_vault(rules),
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
        | Command::Man(_) => rules,
    }
}
