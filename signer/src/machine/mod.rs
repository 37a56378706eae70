//! Whether this machine is fit to unlock keys: no network, no radio, no debugger, and no swap where
//! keys could go to disk.
//!
//! One way of being unfit a file. Each looks at files of the kernel below `/proc` and `/sys`: it
//! opens no socket and no device.

mod network;
mod radio;
mod swap;
mod tracer;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cofferdam_memory::Pages;
use serde::{Deserialize, Serialize};

use crate::error::{Exit, Failure};

/// One way in which a machine is not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unfit {
    /// A network interface other than loopback is up, or has an address or a route.
    Network,
    /// Memory may be written to a swap device.
    Swap,
    /// A Bluetooth adapter is present, and not blocked.
    Bluetooth,
    /// Another radio is present, and not blocked: a wireless network, a modem, NFC, ultra-wideband.
    Radio,
    /// A debugger traces this process.
    Tracer,
}

impl Unfit {
    /// All of them, in the order in which they are looked for.
    pub(crate) const ALL: [Unfit; 5] = [
        Unfit::Network,
        Unfit::Swap,
        Unfit::Bluetooth,
        Unfit::Radio,
        Unfit::Tracer,
    ];

    /// Its stable name: in the journal, and for --allow-unfit.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unfit::Network => "network",
            Unfit::Swap => "swap",
            Unfit::Bluetooth => "bluetooth",
            Unfit::Radio => "radio",
            Unfit::Tracer => "tracer",
        }
    }

    /// The code of the refusal, and what to do about it.
    fn refusal(self) -> (&'static str, &'static str) {
        match self {
            Unfit::Network => (
                "network-up",
                "disconnect every network, or run it in an empty network namespace; --allow-online goes on all the \
                 same, and the journal records it",
            ),
            Unfit::Swap => (
                "swap-on",
                "turn swap off (swapoff -a); --allow-unfit swap goes on all the same, and the journal records it",
            ),
            Unfit::Bluetooth => (
                "bluetooth-on",
                "block it (rfkill block bluetooth), or take the adapter out; --allow-unfit bluetooth goes on all the \
                 same, and the journal records it",
            ),
            Unfit::Radio => (
                "radio-on",
                "block every radio (rfkill block all), or use the machine's switch; --allow-unfit radio goes on all \
                 the same, and the journal records it",
            ),
            Unfit::Tracer => (
                "traced",
                "end the debugger or tracer; --allow-unfit tracer goes on all the same, and the journal records it",
            ),
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was found to be not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// In what.
    pub(crate) kind: Unfit,
    /// What it is, in words.
    pub(crate) words: String,
    /// Whether it only warns: swap does where the pages that hold keys are locked.
    pub(crate) warns: bool,
}

/// What was found, and allowed: it goes into the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fitness {
    /// The ways in which the machine is not fit, all of them allowed by the operator or only
    /// warnings.
    pub(crate) unfit: Vec<Unfit>,
    /// The warnings, in words.
    pub(crate) warnings: Vec<String>,
    /// What the operator allows, whether it was found or not.
    allowed: Vec<Unfit>,
}

impl Fitness {
    /// Looks at the machine once more, with what was allowed the first time.
    ///
    /// # Errors
    ///
    /// As [`check`].
    pub(crate) fn check_again(&self) -> Result<Fitness, Failure> {
        check(&self.allowed)
    }
}

/// Looks at the machine.
///
/// # Errors
///
/// Refuses (exit 7) when the machine is unfit in a way that `allowed` does not hold, or when it
/// cannot be told.
pub(crate) fn check(allowed: &[Unfit]) -> Result<Fitness, Failure> {
    judge(look(), allowed)
}

/// Looks at the machine for everything that is not fit.
pub(crate) fn look() -> Vec<Found> {
    look_at(&Roots::default(), key_pages_are_locked())
}

/// Tells whether the pages that hold keys are kept out of swap.
fn key_pages_are_locked() -> bool {
    cofferdam_memory::state() != Pages::Ordinary
}

/// Where the kernel's files are.
struct Roots {
    proc: PathBuf,
    sys: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Roots {
            proc: "/proc".into(),
            sys: "/sys".into(),
        }
    }
}

fn look_at(roots: &Roots, key_pages_are_locked: bool) -> Vec<Found> {
    let found = |kind| {
        let words = match kind {
            Unfit::Network => network::look(&roots.proc),
            Unfit::Swap => swap::look(&roots.proc),
            Unfit::Bluetooth => radio::look(&roots.sys, radio::Kind::Bluetooth),
            Unfit::Radio => radio::look(&roots.sys, radio::Kind::Other),
            Unfit::Tracer => tracer::look(&roots.proc),
        };
        let unread = words.is_err();
        let words = words.unwrap_or_else(|error| {
            Some(format!("the state of the {kind} cannot be read: {error}"))
        })?;
        Some(Found {
            kind,
            words,
            warns: kind == Unfit::Swap && key_pages_are_locked && !unread,
        })
    };
    Unfit::ALL.into_iter().filter_map(found).collect()
}

fn judge(found: Vec<Found>, allowed: &[Unfit]) -> Result<Fitness, Failure> {
    let mut fitness = Fitness {
        allowed: allowed.to_vec(),
        ..Fitness::default()
    };
    for Found { kind, words, warns } in found {
        if allowed.contains(&kind) {
            // The operator knows.
        } else if warns {
            fitness.warnings.push(words);
        } else {
            let (code, hint) = kind.refusal();
            return Err(Failure::new(
                Exit::Unfit,
                code,
                format!("this machine is not fit: {words}"),
                hint,
            ));
        }
        fitness.unfit.push(kind);
    }
    Ok(fitness)
}

/// Returns a file's text; none where the kernel has no such file.
fn optional(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEV: &str = "Inter-|   Receive\n face |bytes    packets\n    lo:  0 0\n";
    const ROUTE: &str = "Iface\tDestination\tGateway\n";
    const SWAPS: &str = "Filename\tType\tSize\tUsed\tPriority\n";

    /// A machine of files. It begins with nothing but loopback.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new(files: &[(&str, &str)]) -> Self {
            let machine = Machine(tempfile::tempdir().unwrap());
            fs::create_dir_all(machine.0.path().join("sys/class")).unwrap();
            let fit = [
                ("proc/self/net/dev", DEV),
                ("proc/self/net/route", ROUTE),
                ("proc/swaps", SWAPS),
                ("proc/self/status", "Name:\tsigner\nTracerPid:\t0\n"),
            ];
            for (path, text) in fit.iter().chain(files) {
                let path = machine.0.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            machine
        }

        fn roots(&self) -> Roots {
            Roots {
                proc: self.0.path().join("proc"),
                sys: self.0.path().join("sys"),
            }
        }

        fn look(&self) -> Vec<Found> {
            look_at(&self.roots(), false)
        }

        fn refusal(&self, allowed: &[Unfit]) -> Option<String> {
            judge(self.look(), allowed)
                .err()
                .map(|failure| failure.code)
        }

        /// The only thing that is not fit, in words.
        fn only(&self, kind: Unfit) -> String {
            let found = self.look();
            assert_eq!(
                found.iter().map(|found| found.kind).collect::<Vec<_>>(),
                [kind],
                "{found:?}"
            );
            let fitness = judge(found.clone(), &[kind]).unwrap();
            assert_eq!((fitness.unfit, fitness.warnings), (vec![kind], vec![]));
            found[0].words.clone()
        }
    }

    #[test]
    fn loopback_alone_is_offline() {
        let machine = Machine::new(&[
            (
                "proc/self/net/if_inet6",
                "00000000000000000000000000000001 01 80 10 80 lo\n",
            ),
            (
                "proc/self/net/ipv6_route",
                "00000000000000000000000000000001 80 00 00 00 00 00 00 80200001 lo\n",
            ),
        ]);
        assert_eq!(machine.look(), []);
    }

    #[test]
    fn hardware_that_is_switched_off_is_offline() {
        let machine = Machine::new(&[
            ("proc/self/net/dev", &format!("{DEV} wlan0: 0 0\n")),
            ("proc/self/net/if_inet6", ""),
            ("proc/self/net/dev_mcast", "3 wlan0 1 0 333300000001\n"),
            (
                "proc/self/net/ipv6_route",
                "00000000000000000000000000000000 00 0 00 0 ffffffff 00000001 00000000 00200200 lo\n",
            ),
        ]);
        assert_eq!(machine.look(), []);
    }

    #[test]
    fn a_route_is_a_network() {
        let machine = Machine::new(&[
            ("proc/self/net/dev", &format!("{DEV}  eth0: 0 0\n")),
            (
                "proc/self/net/route",
                &format!("{ROUTE}eth0\t00000000\t0102030A\n"),
            ),
        ]);
        assert_eq!(machine.only(Unfit::Network), "the network is up (eth0)");
        assert_eq!(machine.refusal(&[]).as_deref(), Some("network-up"));
        assert_eq!(
            machine.refusal(&[Unfit::Swap]).as_deref(),
            Some("network-up")
        );
    }

    #[test]
    fn a_route_of_version_6_is_a_network() {
        let route = "00000000000000000000000000000000 00 0 00 fd00000000000000 00000400 3 0 00000003 eth0\n";
        let machine = Machine::new(&[
            ("proc/self/net/dev", &format!("{DEV}  eth0: 0 0\n")),
            ("proc/self/net/ipv6_route", route),
        ]);
        assert_eq!(machine.only(Unfit::Network), "the network is up (eth0)");
    }

    #[test]
    fn a_link_local_address_is_a_network() {
        let machine = Machine::new(&[
            ("proc/self/net/dev", &format!("{DEV} wlan0: 0 0\n")),
            (
                "proc/self/net/if_inet6",
                "fe80000000000000021122fffe334455 02 40 20 80 wlan0\n",
            ),
        ]);
        assert_eq!(machine.only(Unfit::Network), "the network is up (wlan0)");
    }

    #[test]
    fn an_interface_that_is_up_without_any_address_is_a_network() {
        let machine = Machine::new(&[
            ("proc/self/net/dev", &format!("{DEV} eth0: 0 0\n")),
            (
                "proc/self/net/dev_mcast",
                "4    eth0     1     0     01005e000001\n",
            ),
        ]);
        assert_eq!(machine.only(Unfit::Network), "the network is up (eth0)");
    }

    #[test]
    fn swap_on_disk_is_unfit_and_compressed_memory_is_not() {
        let disk = Machine::new(&[(
            "proc/swaps",
            &format!("{SWAPS}/dev/sda2 partition 1 0 -2\n"),
        )]);
        assert_eq!(disk.only(Unfit::Swap), "swap is on (/dev/sda2)");
        assert_eq!(disk.refusal(&[]).as_deref(), Some("swap-on"));
        let zram = Machine::new(&[(
            "proc/swaps",
            &format!("{SWAPS}/dev/zram0 partition 1 0 100\n"),
        )]);
        assert_eq!(zram.look(), []);
    }

    #[test]
    fn swap_warns_where_the_pages_of_keys_are_locked() {
        let disk = Machine::new(&[(
            "proc/swaps",
            &format!("{SWAPS}/dev/sda2 partition 1 0 -2\n"),
        )]);
        let fitness = judge(look_at(&disk.roots(), true), &[]).unwrap();
        assert_eq!(fitness.unfit, [Unfit::Swap]);
        assert_eq!(fitness.warnings, ["swap is on (/dev/sda2)"]);
        fs::remove_file(disk.roots().proc.join("swaps")).unwrap();
        fs::create_dir(disk.roots().proc.join("swaps")).unwrap();
        let unread = judge(look_at(&disk.roots(), true), &[]);
        assert_eq!(
            unread.unwrap_err().code,
            "swap-on",
            "what cannot be read refuses"
        );
    }

    #[test]
    fn a_radio_is_unfit_until_a_switch_blocks_it() {
        let wlan = |soft, hard| {
            Machine::new(&[
                ("sys/class/rfkill/rfkill0/type", "wlan\n"),
                ("sys/class/rfkill/rfkill0/name", "phy0\n"),
                ("sys/class/rfkill/rfkill0/soft", soft),
                ("sys/class/rfkill/rfkill0/hard", hard),
                ("sys/class/ieee80211/phy0/rfkill0/soft", soft),
                ("sys/class/ieee80211/phy0/rfkill0/hard", hard),
            ])
        };
        assert_eq!(
            wlan("0\n", "0\n").only(Unfit::Radio),
            "a radio is on (wlan phy0)"
        );
        assert_eq!(wlan("0\n", "0\n").refusal(&[]).as_deref(), Some("radio-on"));
        assert_eq!(wlan("1\n", "0\n").look(), []);
        assert_eq!(wlan("0\n", "1\n").look(), []);
        let silent = Machine::new(&[("sys/class/rfkill/rfkill3/type", "wwan\n")]);
        assert_eq!(silent.only(Unfit::Radio), "a radio is on (wwan)");
    }

    #[test]
    fn a_radio_without_a_switch_is_unfit() {
        let machine = Machine::new(&[("sys/class/ieee80211/phy1/index", "1\n")]);
        assert_eq!(machine.only(Unfit::Radio), "a radio is on (phy1)");
    }

    #[test]
    fn a_bluetooth_adapter_is_unfit_until_a_switch_blocks_it() {
        let adapter = |soft| {
            Machine::new(&[
                ("sys/class/bluetooth/hci0/rfkill2/soft", soft),
                ("sys/class/bluetooth/hci0:1/type", "ACL\n"),
                ("sys/class/rfkill/rfkill2/type", "bluetooth\n"),
                ("sys/class/rfkill/rfkill2/name", "hci0\n"),
                ("sys/class/rfkill/rfkill2/soft", soft),
            ])
        };
        assert_eq!(
            adapter("0").only(Unfit::Bluetooth),
            "Bluetooth is on (bluetooth hci0)"
        );
        assert_eq!(adapter("0").refusal(&[]).as_deref(), Some("bluetooth-on"));
        assert_eq!(adapter("1").look(), []);
        let without = Machine::new(&[("sys/class/bluetooth/hci0/uevent", "")]);
        assert_eq!(without.only(Unfit::Bluetooth), "Bluetooth is on (hci0)");
    }

    #[test]
    fn a_tracer_is_unfit() {
        let machine = Machine::new(&[("proc/self/status", "Name:\tsigner\nTracerPid:\t42\n")]);
        assert_eq!(machine.only(Unfit::Tracer), "process 42 traces the signer");
        assert_eq!(machine.refusal(&[]).as_deref(), Some("traced"));
        let silent = Machine::new(&[("proc/self/status", "Name:\tsigner\n")]);
        assert_eq!(silent.refusal(&[]).as_deref(), Some("traced"));
    }

    #[test]
    fn a_machine_that_cannot_be_looked_at_is_unfit_in_every_way() {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots {
            proc: folder.path().join("proc"),
            sys: folder.path().join("sys"),
        };
        let found: Vec<Unfit> = look_at(&roots, false)
            .into_iter()
            .map(|found| found.kind)
            .collect();
        assert_eq!(found, Unfit::ALL);
    }
}
