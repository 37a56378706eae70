//! The program `cofferdam-signer`.

use std::process::ExitCode;

/// Wipes what is freed, in every process; serves the one that holds keys from its locked pages.
#[global_allocator]
static ALLOCATOR: cofferdam_memory::Allocator = cofferdam_memory::Allocator;

fn main() -> ExitCode {
    cofferdam_signer::main()
}
