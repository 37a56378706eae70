//! Radios, and the switches that block them.

use std::fs;
use std::io;
use std::path::Path;

use super::optional;
use crate::folder;

/// Which radios are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bluetooth adapters.
    Bluetooth,
    /// All others.
    Other,
}

/// Returns the radios of a kind that are present and not blocked: those that have a switch below
/// `/sys/class/rfkill`, and those of the kernel's own classes, which have one only where the kernel
/// knows switches.
pub(super) fn look(sys: &Path, kind: Kind) -> io::Result<Option<String>> {
    let classes = sys.join("class");
    // Where this is missing, nothing can be told.
    fs::metadata(&classes)?;
    let mut on = Vec::new();
    for switch in names(&classes.join("rfkill"))? {
        let at = classes.join("rfkill").join(&switch);
        let what = optional(&at.join("type"))?.unwrap_or_default();
        let is_bluetooth = what.trim() == "bluetooth";
        if is_bluetooth == (kind == Kind::Bluetooth) && !is_blocked(&at)? {
            let name = optional(&at.join("name"))?.unwrap_or_default();
            on.push(format!("{} {}", what.trim(), name.trim()).trim().to_owned());
        }
    }
    let (class, prefix) = match kind {
        Kind::Bluetooth => ("bluetooth", "hci"),
        Kind::Other => ("ieee80211", "phy"),
    };
    for radio in names(&classes.join(class))? {
        // Below an adapter, its connections are listed, too: hci0:1.
        let is_adapter = radio.starts_with(prefix) && !radio.contains(':');
        let is_known = || on.iter().any(|known| known.ends_with(&format!(" {radio}")));
        if is_adapter && !is_known() && !is_switched_off(&classes.join(class).join(&radio))? {
            on.push(radio);
        }
    }
    let what = match kind {
        Kind::Bluetooth => "Bluetooth",
        Kind::Other => "a radio",
    };
    Ok((!on.is_empty()).then(|| format!("{what} is on ({})", on.join(", "))))
}

/// Tells whether one of the switches below a radio blocks it.
fn is_switched_off(radio: &Path) -> io::Result<bool> {
    for name in names(radio)? {
        if name.starts_with("rfkill") && is_blocked(&radio.join(name))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Tells whether a switch blocks its radio: by software, or by the machine's own key. What it does
/// not tell is not blocked.
fn is_blocked(switch: &Path) -> io::Result<bool> {
    for file in ["soft", "hard"] {
        if optional(&switch.join(file))?.is_some_and(|state| state.trim() == "1") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The names in a folder, in order; none where the kernel has no such class.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = match folder::names(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        result => result?,
    };
    names.sort();
    Ok(names
        .into_iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect())
}
