//! The vault's files, end to end through the real binary: damage, malice, kills and failing disks.

mod concurrency;
mod corruption;
mod credentials;
#[path = "../memory/examples.rs"]
mod examples;
mod faults;
mod flips;
mod folder;
mod inject;
