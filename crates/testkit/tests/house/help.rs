//! Every example that a help text gives is one that the program takes, be it its own or the
//! other's.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

/// Returns the examples of a program's help, of all its commands; how many texts were read.
pub(crate) fn examples(program: &Path) -> Result<(BTreeSet<String>, usize)> {
    let (mut found, mut texts) = (BTreeSet::new(), 0);
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(command) = commands.pop() {
        let out = Command::new(program)
            .args(&command)
            .arg("--help")
            .output()?;
        let text = String::from_utf8(out.stdout)?;
        texts += 1;
        let mut within = false;
        // A line that ends so goes on in the next.
        let text = text.replace("\\\n", " ");
        for line in text.lines() {
            // Commands stand indented below their heading.
            within = match line {
                "Commands:" => true,
                line if line.starts_with("  ") => within,
                _ => false,
            };
            if within
                && line.starts_with("  ")
                && !line.starts_with("   ")
                && let Some(name) = line.split_whitespace().next()
                && name != "help"
            {
                commands.push(command.iter().cloned().chain([name.into()]).collect());
            }
            // What a usage line says is no example.
            let usage = line.starts_with("Usage:");
            for (start, _) in line.match_indices("cofferdam-").filter(|_| !usage) {
                let rest = line[start..].split(['`', '#', '|', '>']).next();
                let example = rest.and_then(|rest| rest.split(" && ").next());
                // A name alone is no example.
                found.extend(
                    example
                        .map(|example| example.trim().trim_end_matches(['.', ',']).to_owned())
                        .filter(|example| example.split_whitespace().count() > 1)
                        .filter(|example| {
                            example.starts_with("cofferdam-signer ")
                                || example.starts_with("cofferdam-watcher ")
                        }),
                );
            }
        }
    }
    Ok((found, texts))
}

/// Tells why a program does not take an example; nothing where it does. What comes before `--help`
/// is parsed first, and refused where no such command or option is known.
pub(crate) fn refusal(program: &Path, example: &str) -> Result<Option<String>> {
    let arguments = example.split_whitespace().skip(1);
    let out = Command::new(program)
        .args(arguments)
        .arg("--help")
        .output()
        .context("the program")?;
    Ok(match out.status.success() {
        true => None,
        false => Some(String::from_utf8_lossy(&out.stderr).into_owned()),
    })
}
