//! The signer, whose key process stands still once it has wiped, so that `tests/memory` can look at what it leaves. Tests alone run it.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: cofferdam_memory::Allocator = cofferdam_memory::Allocator;

fn main() -> ExitCode {
    cofferdam_memory::for_tests::stop_before_the_end();
    cofferdam_signer::main()
}
