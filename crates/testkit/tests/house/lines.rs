//! Lines of comments and of Markdown wrap at 100 columns. Code is wrapped by `cargo fmt`.

use std::path::Path;

use anyhow::{Context as _, Result};

/// The most columns.
const WIDTH: usize = 100;

/// Files with one line that is too wide: "..." stands for a hundred columns.
pub(crate) const SEEDS: [(&str, &str); 4] = [
    ("a.rs", "fn a() {}\n    /// ...\n"),
    ("b.rs", "//! ...\n"),
    ("c.md", "# Title\n\n- ...\n"),
    ("d.toml", "# ...\n[a]\n"),
];

/// Folders that hold nothing that somebody wrote.
const NOT_WRITTEN: [&str; 6] = [
    ".git",
    "artifacts",
    "corpus",
    "coverage",
    "demo-out",
    "target",
];

/// Returns the lines of the repository that are too wide.
pub(crate) fn too_wide(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // No link is followed.
            if path.is_symlink() || NOT_WRITTEN.contains(&name.as_ref()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let file = path.strip_prefix(root)?.to_string_lossy();
                found.extend(in_file(root, &file)?);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Returns the lines of a file that are too wide.
pub(crate) fn in_file(root: &Path, file: &str) -> Result<Vec<String>> {
    let is_wrapped: fn(&str) -> bool = match file.rsplit_once('.').map(|(_, end)| end) {
        Some("rs") => |line| line.trim_start().starts_with("//"),
        Some("toml" | "py" | "sh") => |line| line.trim_start().starts_with("# "),
        // A table's row and a link cannot be broken.
        Some("md") => |line| !line.starts_with('|') && line.trim_start().contains(' '),
        _ => return Ok(Vec::new()),
    };
    let text = std::fs::read_to_string(root.join(file)).with_context(|| file.to_owned())?;
    let wide = text.lines().zip(1..).filter(|(line, _)| {
        line.chars().count() > WIDTH && is_wrapped(line) && !has_endless_word(line)
    });
    Ok(wide
        .map(|(line, number)| format!("{file}:{number}: {} columns", line.chars().count()))
        .collect())
}

/// Whether one word alone fills the line, such as a descriptor: it cannot be broken.
fn has_endless_word(line: &str) -> bool {
    line.split_whitespace()
        .any(|word| word.chars().count() > WIDTH - 15)
}
