//! The signer as people and scripts meet it: the real binary, its files, its exit codes and its
//! words.

mod bundles;
mod codes;
mod contract;
mod core_signing;
mod exit_codes;
mod expect;
mod harness;
mod journal;
mod json_output;
mod marks;
mod named_files;
mod pages;
mod policy;
mod posing;
mod psbts;
mod sealed_state;
mod secrets;
mod sign_files;
mod signing_again;
mod slots;
mod terminal;
