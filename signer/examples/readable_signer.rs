//! The signer on locked pages in place of secret ones, for `tests/vault`: strace cannot read a path
//! that lies in a secret page, and so would miss the calls that it shall fault. Tests alone run it.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: cofferdam_memory::Allocator = cofferdam_memory::Allocator;

fn main() -> ExitCode {
    cofferdam_memory::for_tests::be_readable();
    cofferdam_signer::main()
}
