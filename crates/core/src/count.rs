//! Counts as people read them.

/// Writes a count and the thing counted, `one` being its name in the singular: `1 record`, `2
/// records`.
pub fn counted(count: impl TryInto<u64>, one: &str) -> String {
    // No count on a screen exceeds 64 bits; one that did would not be one.
    match count.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_singular() {
        let all = [0_u64, 1, 2, 1_000].map(|count| counted(count, "older file"));
        assert_eq!(
            all,
            [
                "0 older files",
                "1 older file",
                "2 older files",
                "1000 older files"
            ]
        );
        assert_eq!(counted(1_usize, "coin"), "1 coin");
    }
}
