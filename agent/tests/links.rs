//! What the root process is made of: nothing that speaks to a network.
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on has failed; clippy exempts only the functions under #[test]"
)]

use std::collections::{BTreeMap, BTreeSet};

const LOCK: &str = include_str!("../../Cargo.lock");

/// Each package with what it depends on, for tests too.
fn packages() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in LOCK.split("[[package]]").skip(1) {
        let name = package.split_once("name = \"").and_then(|(_, rest)| rest.split_once('"'));
        let (name, rest) = name.expect("a package has a name");
        let list = rest.split_once("dependencies = [").map_or("", |(_, list)| list);
        let list = list.split_once(']').map_or("", |(list, _)| list);
        // Of a crate that there is twice, the version follows the name.
        let needed = list.split('"').skip(1).step_by(2);
        let needed = needed.filter_map(|name| name.split(' ').next());
        packages.entry(name).or_default().extend(needed);
    }
    packages
}

fn all_of(root: &'static str) -> BTreeSet<&'static str> {
    let packages = packages();
    let (mut all, mut next) = (BTreeSet::new(), vec![root]);
    while let Some(package) = next.pop() {
        if all.insert(package) {
            next.extend(packages.get(package).expect("it is in the lock file"));
        }
    }
    all
}

#[test]
fn the_root_process_links_no_tls_and_no_http() {
    let network = ["reqwest", "hyper", "rustls", "ring", "tokio-rustls", "rustls-native-certs"];
    let courier = all_of("writ-courier");
    assert!(network.iter().all(|name| courier.contains(name)), "the list is out of date");
    for program in ["writ-agent", "writ-sudo-plugin", "writ-pam-module", "writ-pam-client"] {
        let all = all_of(program);
        assert!(all.len() > 1, "{all:?}");
        let linked: Vec<_> = network.iter().filter(|name| all.contains(*name)).collect();
        assert!(linked.is_empty(), "{program} links {linked:?}");
    }
}
