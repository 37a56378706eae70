//! Vault headers that ask for more work than any machine can do. Nothing authenticates them before
//! the work is done.

use cofferdam_core::ScriptType;

use super::payout::Payout;
use super::{Case, Step};

const MEMORY: u32 = 64 * 1024;

pub(super) fn cases() -> Vec<Case> {
    let table = [
        (
            "memory-beyond",
            "4 GiB and 1 KiB of memory",
            [4 * 1024 * 1024 + 1, 3, 4],
        ),
        ("memory-largest", "4 TiB of memory", [u32::MAX, 3, 4]),
        (
            "memory-below",
            "less memory than the least",
            [MEMORY - 1, 3, 4],
        ),
        ("memory-none", "no memory", [0, 3, 4]),
        ("passes-beyond", "65 passes", [MEMORY, 65, 4]),
        (
            "passes-largest",
            "four thousand million passes",
            [MEMORY, u32::MAX, 4],
        ),
        ("passes-one", "one pass", [MEMORY, 1, 4]),
        ("passes-none", "no pass", [MEMORY, 0, 4]),
        ("lanes-beyond", "65 lanes", [MEMORY, 3, 65]),
        (
            "lanes-largest",
            "four thousand million lanes",
            [MEMORY, 3, u32::MAX],
        ),
        ("lanes-none", "no lane", [MEMORY, 3, 0]),
    ];
    let case = |(name, words, costs): (&str, &str, [u32; 3])| {
        let below = name.ends_with("below") || name.ends_with("none") || name.ends_with("one");
        let mut case = Case::new(
            &format!("vault-{name}"),
            &format!("The vault's header asks Argon2id for {words}"),
            "RFC 9106; denial of service by parameters of key derivation",
            match below {
                true => "has the passphrase stretched so little that it can be guessed",
                false => "keeps the machine busy for ever, or takes all of its memory",
            },
        )
        .caught_by("vault-header")
        .psbt("payout.psbt", Payout::new(ScriptType::Segwit).psbt())
        .step(Step::inspect(&["payout.psbt"], 5, &[]).error("vault-damaged"))
        .step(Step::sign(&["payout.psbt"], 5, &[]).error("vault-damaged"));
        case.vault.costs = Some(costs);
        case
    };
    table.into_iter().map(case).collect()
}
