//! Whether this machine is fit to unlock keys: no network up, no swap on disk.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Exit, Failure};

/// One way in which a machine is not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unfit {
    /// A network interface other than loopback has an address or a route.
    Network,
    /// Memory may be written to a swap device.
    Swap,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unfit::Network => "network",
            Unfit::Swap => "swap",
        })
    }
}

/// What was found, and allowed: it goes into the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fitness {
    /// The ways in which the machine is not fit, all of them allowed by the operator.
    pub(crate) unfit: Vec<Unfit>,
}

/// Looks at the machine.
///
/// # Errors
///
/// Refuses (exit 7) when the machine is unfit in a way that `allowed` does not hold, or when it cannot be told.
pub(crate) fn check(allowed: &[Unfit]) -> Result<Fitness, Failure> {
    check_at(Path::new("/proc"), allowed)
}

fn check_at(proc: &Path, allowed: &[Unfit]) -> Result<Fitness, Failure> {
    let looks: [(Unfit, Look, &str, &str); 2] = [
        (
            Unfit::Network,
            network,
            "network-up",
            "disconnect every network, or run it in an empty network namespace; --allow-online goes on all the same, \
             and the journal records it",
        ),
        (
            Unfit::Swap,
            swap,
            "swap-on",
            "turn swap off (swapoff -a); --allow-unfit swap goes on all the same, and the journal records it",
        ),
    ];
    let mut unfit = Vec::new();
    for (kind, look, code, hint) in looks {
        let found = look(proc)
            .unwrap_or_else(|error| Some(format!("the state of the {kind} cannot be read: {error}")));
        if let Some(found) = found {
            if !allowed.contains(&kind) {
                return Err(Failure::new(
                    Exit::Unfit,
                    code,
                    format!("this machine is not fit: {found}"),
                    hint,
                ));
            }
            unfit.push(kind);
        }
    }
    Ok(Fitness { unfit })
}

type Look = fn(&Path) -> io::Result<Option<String>>;

/// Returns the interfaces other than loopback that have a route or an IPv6 address (an interface that is up has at
/// least its link-local one), of those in the network namespace of this process.
fn network(proc: &Path) -> io::Result<Option<String>> {
    let present: Vec<String> = fs::read_to_string(proc.join("self/net/dev"))?
        .lines()
        .skip(2)
        .filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned()))
        .filter(|name| name != "lo")
        .collect();
    if present.is_empty() {
        return Ok(None);
    }
    let routed = fs::read_to_string(proc.join("self/net/route"))?;
    let routed = routed
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next());
    // Absent where IPv6 is off.
    let addressed = match fs::read_to_string(proc.join("self/net/if_inet6")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        result => result?,
    };
    let addressed = addressed
        .lines()
        .filter_map(|line| line.split_whitespace().last());
    let mut up: Vec<&str> = routed.chain(addressed).filter(|name| *name != "lo").collect();
    up.sort_unstable();
    up.dedup();
    Ok((!up.is_empty()).then(|| format!("the network is up ({})", up.join(", "))))
}

/// Returns the active swap devices, but for compressed memory (zram), which reaches no disk.
fn swap(proc: &Path) -> io::Result<Option<String>> {
    let swaps = match fs::read_to_string(proc.join("swaps")) {
        // A kernel without swap has no such file.
        Err(error) if error.kind() == io::ErrorKind::NotFound && proc.join("self/net").exists() => {
            String::new()
        }
        result => result?,
    };
    let on: Vec<&str> = swaps
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !name.starts_with("/dev/zram"))
        .collect();
    Ok((!on.is_empty()).then(|| format!("swap is on ({})", on.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEV: &str = "Inter-|   Receive\n face |bytes    packets\n    lo:  0 0\n";
    const ROUTE: &str = "Iface\tDestination\tGateway\n";
    const SWAPS: &str = "Filename\tType\tSize\tUsed\tPriority\n";

    fn machine(dev: &str, route: &str, inet6: Option<&str>, swaps: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let net = folder.path().join("self/net");
        fs::create_dir_all(&net).unwrap();
        fs::write(net.join("dev"), dev).unwrap();
        fs::write(net.join("route"), route).unwrap();
        if let Some(inet6) = inet6 {
            fs::write(net.join("if_inet6"), inet6).unwrap();
        }
        fs::write(folder.path().join("swaps"), swaps).unwrap();
        folder
    }

    fn refusal(machine: &tempfile::TempDir, allowed: &[Unfit]) -> Option<String> {
        check_at(machine.path(), allowed)
            .err()
            .map(|failure| failure.code)
    }

    #[test]
    fn loopback_alone_is_offline() {
        let machine = machine(
            DEV,
            ROUTE,
            Some("00000000000000000000000000000001 01 80 10 80 lo\n"),
            SWAPS,
        );
        assert_eq!(refusal(&machine, &[]), None);
    }

    #[test]
    fn hardware_that_is_switched_off_is_offline() {
        let machine = machine(&format!("{DEV} wlan0: 0 0\n"), ROUTE, Some(""), SWAPS);
        assert_eq!(refusal(&machine, &[]), None);
    }

    #[test]
    fn a_route_is_a_network() {
        let machine = machine(
            &format!("{DEV}  eth0: 0 0\n"),
            &format!("{ROUTE}eth0\t00000000\t0102030A\n"),
            None,
            SWAPS,
        );
        assert_eq!(refusal(&machine, &[]).as_deref(), Some("network-up"));
        assert_eq!(refusal(&machine, &[Unfit::Swap]).as_deref(), Some("network-up"));
        let fitness = check_at(machine.path(), &[Unfit::Network]).unwrap();
        assert_eq!(fitness.unfit, [Unfit::Network]);
    }

    #[test]
    fn a_link_local_address_is_a_network() {
        let machine = machine(
            &format!("{DEV} wlan0: 0 0\n"),
            ROUTE,
            Some("fe80000000000000021122fffe334455 02 40 20 80 wlan0\n"),
            SWAPS,
        );
        assert_eq!(refusal(&machine, &[]).as_deref(), Some("network-up"));
    }

    #[test]
    fn swap_on_disk_is_unfit_and_compressed_memory_is_not() {
        let disk = machine(DEV, ROUTE, None, &format!("{SWAPS}/dev/sda2 partition 1 0 -2\n"));
        assert_eq!(refusal(&disk, &[]).as_deref(), Some("swap-on"));
        let zram = machine(
            DEV,
            ROUTE,
            None,
            &format!("{SWAPS}/dev/zram0 partition 1 0 100\n"),
        );
        assert_eq!(refusal(&zram, &[]), None);
    }

    #[test]
    fn a_machine_that_cannot_be_looked_at_is_unfit() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(refusal(&folder, &[]).as_deref(), Some("network-up"));
        assert_eq!(refusal(&folder, &[Unfit::Network]).as_deref(), Some("swap-on"));
    }
}
