//! The signer on locked pages in place of secret ones, so that root can read them, whose key
//! process stands still once it has wiped: so `tests/memory` sees what it leaves. Tests alone run
//! it.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: cofferdam_memory::Allocator = cofferdam_memory::Allocator;

fn main() -> ExitCode {
    cofferdam_memory::for_tests::be_readable();
    cofferdam_memory::for_tests::stop_before_the_end();
    cofferdam_signer::main()
}
