//! Test vectors that are not in the repository, for tests of both kinds.

use std::path::PathBuf;

use serde::de::DeserializeOwned;

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

/// Reads a JSON file of external vectors, as [`bytes`] does.
pub(crate) fn json<T: DeserializeOwned>(name: &str) -> Option<T> {
    Some(serde_json::from_slice(&bytes(name)?).unwrap())
}
