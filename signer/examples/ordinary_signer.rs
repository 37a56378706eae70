//! The signer on ordinary pages and with the system's allocator, which wipe nothing: what
//! `tests/memory` must find secrets in, to be believed where it finds none. Its key process stands
//! still before it ends. Tests alone run it.

use std::process::ExitCode;

fn main() -> ExitCode {
    cofferdam_memory::for_tests::be_ordinary();
    cofferdam_memory::for_tests::stop_before_the_end();
    cofferdam_signer::main()
}
