//! Test vectors that are not in the repository.

use std::path::PathBuf;

/// Reads a file of external vectors. None when the folder is not told; under CI that is an error.
pub(crate) fn bytes(name: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("COFFERDAM_EXTERNAL_VECTORS") else {
        assert!(
            std::env::var_os("CI").is_none(),
            "COFFERDAM_EXTERNAL_VECTORS is not set"
        );
        println!("left out: {name} (COFFERDAM_EXTERNAL_VECTORS is not set)");
        return None;
    };
    let path = PathBuf::from(folder).join(name);
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}
