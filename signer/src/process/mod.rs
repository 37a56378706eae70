//! The signer's processes, and how they talk.
//!
//! ```text
//! screen (main)  command line, review screens, questions; holds no key and parses no PSBT
//!   ├── intake   reads and parses foreign bytes (PSBT files, the contents of codes); has no vault
//!   │     └── decoder   decodes pictures and reads codes, within a budget of time and memory
//!   └── keys     reads passphrases, unlocks the vault, runs one job, ends
//! ```
//!
//! All are forked from one zygote, before any thread and before the terminal is touched; none
//! executes another program.

mod fork;
mod frame;
mod harden;
mod interrupt;
mod landlock_rules;
mod peer;
mod seccomp;
mod terminal;

pub(crate) use frame::{Channel, ChannelError};
pub(crate) use harden::{forbid_dumps, redact_panics, seal_off, survive_file_limits};
pub(crate) use interrupt::{Interrupts, uninterrupted};
pub(crate) use landlock_rules::{Confined, LandlockRules, confine};
pub(crate) use peer::{Peer, keep_for_reading, spawn_decoder};
pub(crate) use seccomp::only_look;
pub(crate) use terminal::Terminal;
