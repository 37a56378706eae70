//! Network interfaces that are up.

use std::fs;
use std::io;
use std::path::Path;

use super::optional;

/// The group of all hosts (RFC 1112), as an Ethernet address: an interface joins it when it comes
/// up, and leaves it when it goes down.
const ALL_HOSTS: &str = "01005e000001";

/// Returns the interfaces other than loopback that are up, or have a route (IPv4, IPv6) or an IPv6
/// address, of those in the network namespace of this process.
pub(super) fn look(proc: &Path) -> io::Result<Option<String>> {
    let net = proc.join("self/net");
    let present: Vec<String> = fs::read_to_string(net.join("dev"))?
        .lines()
        .skip(2)
        .filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned()))
        .filter(|name| name != "lo")
        .collect();
    if present.is_empty() {
        return Ok(None);
    }
    let routes = fs::read_to_string(net.join("route"))?;
    let routed = routes
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next());
    // Absent where IPv6 is off.
    let routes6 = optional(&net.join("ipv6_route"))?.unwrap_or_default();
    let addresses6 = optional(&net.join("if_inet6"))?.unwrap_or_default();
    let of_version_6 = routes6
        .lines()
        .filter(|line| !is_leftover(line))
        .chain(addresses6.lines())
        .filter_map(|line| line.split_whitespace().last());
    // Absent in kernels without multicast.
    let groups = optional(&net.join("dev_mcast"))?.unwrap_or_default();
    let joined = groups
        .lines()
        .filter(|line| line.split_whitespace().last() == Some(ALL_HOSTS))
        .filter_map(|line| line.split_whitespace().nth(1));
    let mut up: Vec<&str> = routed
        .chain(of_version_6)
        .chain(joined)
        .filter(|name| *name != "lo")
        .collect();
    up.sort_unstable();
    up.dedup();
    Ok((!up.is_empty()).then(|| format!("the network is up ({})", up.join(", "))))
}

/// Tells whether a line of `ipv6_route` is the kernel's own entry that rejects everything, which it
/// keeps without any network: its flags (the last field but one) have `RTF_REJECT`.
fn is_leftover(line: &str) -> bool {
    const REJECT: u32 = 0x0200;
    let flags = line.split_whitespace().rev().nth(1);
    flags.is_some_and(|flags| u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & REJECT != 0))
}
