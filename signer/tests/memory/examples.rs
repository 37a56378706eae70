//! The programs of `examples/`: the signer with other pages.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Returns a program of `examples/`, beside the binary that is tested.
pub(crate) fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--locked",
                "--package",
                "cofferdam-signer",
                "--examples",
            ])
            .status()
            .unwrap();
        assert!(built.success(), "the programs of examples/ can be built");
    });
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_cofferdam-signer"));
    binary.with_file_name("examples").join(name)
}
