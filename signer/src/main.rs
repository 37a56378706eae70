//! The program `cofferdam-signer`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cofferdam_signer::main()
}
