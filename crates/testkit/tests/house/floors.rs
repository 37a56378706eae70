//! Faces parse and render, services take requests and give documents, and both stand on the ground.

use crate::imports::Graph;
use crate::source::{Crate, Module};

/// A program, its rooms by floor, and what only some of them may name.
pub(crate) struct House {
    pub(crate) name: &'static str,
    /// From the top down; a room may name those of its own floor and below. What is in no floor is
    /// refused: a new room has to be given its place.
    floors: &'static [(&'static str, &'static [&'static str])],
    /// What the uppermost floor may name beside itself.
    seen_by_faces: &'static [&'static str],
    /// What begins so may be named in these rooms alone, and why.
    confined: &'static [(
        &'static [&'static str],
        &'static [&'static str],
        &'static str,
    )],
}

/// A violation put in.
pub(crate) struct Seed {
    pub(crate) house: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: &'static str,
    /// Words of what must be found.
    pub(crate) found: &'static str,
}

const TERMINAL: &[&str] = &[
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "std::io::stdout",
    "std::io::stderr",
    "std::io::stdin",
    "indicatif",
];

pub(crate) const HOUSES: &[House] = &[
    House {
        name: "watcher",
        floors: &[
            ("faces", &["main", "cli"]),
            ("services", &["service"]),
            ("sync", &["sync"]),
            ("payouts", &["payout"]),
            ("domain", &["addresses", "coins", "csv", "plan", "wallets"]),
            (
                "ground",
                &[
                    "chain",
                    "clock",
                    "data_folder",
                    "private",
                    "scan",
                    "settings",
                    "store",
                ],
            ),
            (
                "values",
                &["derivation", "error", "identity", "remedy", "tip"],
            ),
        ],
        seen_by_faces: &["service", "error", "remedy"],
        confined: &[
            (&["clap"], &["main", "cli"], "the command line's parser"),
            (TERMINAL, &["main", "cli"], "the terminal"),
            (&["sqlx"], &["store", "chain/rehearsal"], "a database"),
            (
                &["std::fs", "std::path"],
                &[
                    "cli",
                    "chain",
                    "data_folder",
                    "error",
                    "private",
                    "scan",
                    "service",
                    "settings",
                    "store",
                ],
                "paths and files",
            ),
            (
                &["std::fs"],
                &[
                    "cli",
                    "chain",
                    "data_folder",
                    "private",
                    "scan",
                    "settings",
                    "store",
                ],
                "files",
            ),
        ],
    },
    House {
        name: "signer",
        floors: &[
            ("faces", &["main", "cli"]),
            ("words", &["screens"]),
            ("services", &["selfcheck", "upkeep", "workers"]),
            ("jobs", &["fuzzing", "jobs"]),
            ("signing", &["signing"]),
            (
                "ground",
                &[
                    "body",
                    "confinement",
                    "files",
                    "folder",
                    "journal",
                    "machine",
                    "policy",
                    "process",
                    "protocol",
                    "standard_input",
                    "store",
                ],
            ),
            ("values", &["amount", "date", "error", "memory_state"]),
        ],
        seen_by_faces: &[
            "error",
            "files",
            "jobs",
            "machine",
            "memory_state",
            "policy",
            "process",
            "protocol",
            "screens",
            "selfcheck",
            "standard_input",
            "upkeep",
            "workers",
        ],
        confined: &[
            (&["clap"], &["main", "cli"], "the command line's parser"),
            (TERMINAL, &["main", "cli"], "the terminal"),
        ],
    },
];

pub(crate) const SEEDS: &[Seed] = &[
    Seed {
        house: "watcher",
        file: "cli/balance",
        line: "use crate::store::balances::balance;",
        found: "cli/balance is a face and names store",
    },
    Seed {
        house: "watcher",
        file: "service/payouts",
        line: "use clap::Args;",
        found: "service/payouts names clap::Args",
    },
    Seed {
        house: "watcher",
        file: "service/sync",
        line: "fn show() { println!(\"synced\"); }",
        found: "service/sync names println!",
    },
    Seed {
        house: "watcher",
        file: "service/wallets",
        line: "fn save() { let _ = std::fs::write(\"out\", \"\"); }",
        found: "service/wallets names std::fs::write",
    },
    Seed {
        house: "watcher",
        file: "store/coins",
        line: "fn up(_: crate::service::Service) {}",
        found: "store/coins is of the ground floor and names service",
    },
    Seed {
        house: "watcher",
        file: "sync/pool",
        line: "use crate::cli::reply::Reply;",
        found: "sync/pool is of the sync floor and names cli",
    },
    Seed {
        house: "watcher",
        file: "payout/export",
        line: "use std::path::PathBuf;",
        found: "payout/export names std::path::PathBuf",
    },
    Seed {
        house: "watcher",
        file: "plan/select",
        line: "fn ask() { sqlx::query(\"SELECT 1\"); }",
        found: "plan/select names sqlx::query",
    },
    Seed {
        house: "watcher",
        file: "chain/relay",
        line: "use indicatif::ProgressBar;",
        found: "chain/relay names indicatif::ProgressBar",
    },
    Seed {
        house: "signer",
        file: "cli/prune",
        line: "use crate::store::VaultPath;",
        found: "cli/prune is a face and names store",
    },
    Seed {
        house: "signer",
        file: "workers/start",
        line: "use clap::Parser;",
        found: "workers/start names clap::Parser",
    },
    Seed {
        house: "signer",
        file: "workers/conversation",
        line: "fn ask() { eprintln!(\"passphrase\"); }",
        found: "workers/conversation names eprintln!",
    },
    Seed {
        house: "signer",
        file: "journal/show",
        line: "use crate::screens::btc;",
        found: "journal/show is of the ground floor and names screens",
    },
    Seed {
        house: "signer",
        file: "jobs/sign",
        line: "fn up() { crate::cli::output::progress(\"signing\"); }",
        found: "jobs/sign is of the jobs floor and names cli",
    },
];

impl House {
    /// Returns what names what it may not.
    pub(crate) fn violations(&self, sources: &Crate) -> Vec<String> {
        let graph = Graph::of(sources).unwrap();
        let mut found = Vec::new();
        for (module, targets) in &graph.named {
            let Some(room) = module.first() else { continue };
            let Some(floor) = self.floor(room) else {
                found.push(format!("{room} has no floor: give it one in this test"));
                continue;
            };
            for target in targets.iter().filter_map(|target| target.first()) {
                let Some(below) = self.floor(target) else {
                    continue;
                };
                let (at, name) = (module.join("/"), self.floors[floor].0);
                if below < floor {
                    found.push(format!("{at} is of the {name} floor and names {target}"));
                }
                if floor == 0 && below > 0 && !self.seen_by_faces.contains(&target.as_str()) {
                    found.push(format!("{at} is a face and names {target}"));
                }
            }
        }
        for (module, others) in &graph.others {
            for (names, rooms, what) in self.confined {
                let is_at_home = rooms.iter().any(|room| stands_in(module, room));
                for other in others.iter().filter(|_| !is_at_home) {
                    if names.iter().any(|name| begins(other, name)) {
                        found.push(format!(
                            "{} names {other}: {what}, which is for {}",
                            module.join("/"),
                            rooms.join(", ")
                        ));
                    }
                }
            }
        }
        found
    }

    fn floor(&self, room: &str) -> Option<usize> {
        self.floors
            .iter()
            .position(|(_, rooms)| rooms.contains(&room))
    }
}

fn stands_in(module: &Module, room: &str) -> bool {
    let parts: Vec<&str> = room.split('/').collect();
    module.len() >= parts.len() && module.iter().zip(&parts).all(|(one, other)| one == other)
}

fn begins(path: &str, name: &str) -> bool {
    path.strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}
