//! The plugin as it is installed: its bytes, and what the loader must relocate in it.

use std::process::Command;

use writ_tests::Host;

use crate::table::Row;

/// In MiB.
const SIZE_MAX: f64 = 1.0;

/// Where it is on a host.
const PLUGIN: &str = "/usr/libexec/sudo/sudo_writ.so";

/// Bytes of a relocation (elf(5), Elf64_Rela).
const RELOCATION_BYTES: u64 = 24;

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    let bytes: f64 = host.root(&["stat", "-c", "%s", PLUGIN]).ok().parse().expect("a number");
    // The host has no readelf; what it has installed can be read from here.
    let path = format!("/proc/{}/root{PLUGIN}", host.leader());
    let read = Command::new("readelf").args(["--dynamic", "--wide", &path]).output();
    let dynamic = String::from_utf8(read.expect("readelf comes with the linker").stdout);
    let relocations = relocations(&dynamic.expect("text"));
    vec![
        Row::at_most("plugin, stripped", bytes / 1024.0 / 1024.0, SIZE_MAX, " MiB", 2),
        Row::beside("  relocations", relocations.to_string()),
    ]
}

/// From the sizes of the tables with and without symbols.
fn relocations(dynamic: &str) -> u64 {
    let size = |tag: &str| -> u64 {
        let line = dynamic.lines().find(|line| line.contains(tag));
        line.and_then(|line| line.split_whitespace().rev().nth(1)?.parse().ok()).unwrap_or(0)
    };
    let bytes = size("(RELASZ)") + size("(PLTRELSZ)");
    assert!(bytes > 0, "readelf said {dynamic:?}");
    bytes / RELOCATION_BYTES
}
