//! Cofferdam watcher: the online, watch-only side. See the library for the map.

use std::process::ExitCode;

fn main() -> ExitCode {
    cofferdam_watcher::cli::main()
}
