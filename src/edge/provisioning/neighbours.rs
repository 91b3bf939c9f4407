//! Whose hardware address an address of our own network has, as the system
//! learned it when the two last spoke (ARP, RFC 826). Behind a router it is
//! not seen, and for IPv6 it is not looked up.

use std::net::IpAddr;

use crate::domain::device::Mac;

/// Octets of a table that is looked at: some thousand neighbours.
const TABLE_MAX: u64 = 1 << 20;

/// Several where the machine has several networks with this address in them.
pub(super) fn hardware_addresses_of(ip: IpAddr) -> Vec<Mac> {
    if !ip.is_ipv4() || ip.is_loopback() { Vec::new() } else { found_in(&table(ip), ip) }
}

#[cfg(target_os = "linux")]
fn table(_: IpAddr) -> String {
    use std::io::Read;
    let mut text = String::new();
    // Of the process itself: a sandbox shows no other part of /proc.
    let read = std::fs::File::open("/proc/self/net/arp");
    let _ = read.and_then(|file| file.take(TABLE_MAX).read_to_string(&mut text));
    text
}

#[cfg(not(target_os = "linux"))]
fn table(ip: IpAddr) -> String {
    let output = std::process::Command::new("/usr/sbin/arp").args(["-n", &ip.to_string()]).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(text.get(..TABLE_MAX as usize).unwrap_or(&text)).into_owned()
}

/// Both tables have a line for each neighbour with the two addresses in it.
fn found_in(table: &str, ip: IpAddr) -> Vec<Mac> {
    let is_ip = |word: &str| word.trim_matches(['(', ')']).parse() == Ok(ip);
    let lines = table.lines().filter(|line| line.split_whitespace().any(is_ip));
    lines.filter_map(|line| line.split_whitespace().find_map(hardware_address)).collect()
}

/// Six octets with colons between them; macOS leaves leading zeros out. What
/// is still being asked for is all zeros.
fn hardware_address(word: &str) -> Option<Mac> {
    let octets: Vec<u8> =
        word.split(':').map(|octet| u8::from_str_radix(octet, 16).ok()).collect::<Option<_>>()?;
    let octets: [u8; 6] = octets.try_into().ok()?;
    (octets != [0; 6]).then(|| Mac::from(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINUX: &str = "\
IP address       HW type     Flags       HW address            Mask     Device
192.168.1.23     0x1         0x2         80:5e:0c:11:22:33     *        eth0
192.168.1.2      0x1         0x0         00:00:00:00:00:00     *        eth0
192.168.1.23     0x1         0x2         02:00:00:00:00:01     *        docker0
";
    const MACOS: &str = "? (192.168.1.23) at 80:5e:c:11:22:33 on en0 ifscope [ethernet]\n";

    #[test]
    fn both_systems_tables_are_read() {
        let found = |table: &str, ip: &str| -> Vec<String> {
            let found = found_in(table, ip.parse().unwrap());
            found.iter().map(|mac| mac.as_str().to_owned()).collect()
        };
        assert_eq!(found(LINUX, "192.168.1.23"), ["805e0c112233", "020000000001"]);
        assert_eq!(found(MACOS, "192.168.1.23"), ["805e0c112233"]);
        assert!(found(LINUX, "192.168.1.2").is_empty());
        assert!(found(LINUX, "192.168.1.3").is_empty());
        assert!(found("? (192.168.1.9) at (incomplete) on en0", "192.168.1.9").is_empty());
    }
}
