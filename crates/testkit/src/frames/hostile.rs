//! Files that were made to harm a reader.

/// Files that were made to harm, by name. None may keep a reader busy, make it allocate much, or bring it down.
pub fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    Vec::new()
}
