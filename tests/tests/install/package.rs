//! The package: it comes, is replaced, goes, and leaves the record.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use writ_tests::{Host, PATIENCE, package};

use crate::state::{FORMER, SudoLoop, closed, open, same, sudo_asks, without_writ};

/// Packs the package at /root/writ.deb again as a newer version of itself.
const MAKE_NEXT: &str = "set -e
    rm -rf /root/next
    dpkg-deb --raw-extract /root/writ.deb /root/next
    sed -i 's/^Version: .*/Version: 99.0/' /root/next/DEBIAN/control
    dpkg-deb --root-owner-group -Znone --build /root/next /root/next.deb";

pub(crate) fn installing_changes_nothing_until_it_is_enabled(host: &Host) {
    without_writ(host);
    host.install(&package());
    assert!(same(host, FORMER, "/etc/sudo.conf"));
    assert_eq!(
        host.root(&["ls", "-A", "/etc/writ/roles.d", "/etc/writ/approvers.d"]).ok().lines().count(),
        3
    );
    assert!(!sudo_asks(host));
    let version = host.root(&["sudo", "-V"]);
    assert!(!version.ok().to_lowercase().contains("writ a"), "{version}");

    for unit in ["writd.socket", "writd.service"] {
        assert_eq!(host.root(&["systemctl", "is-active", unit]).ok(), "active");
        assert_eq!(host.root(&["systemctl", "is-enabled", unit]).ok(), "enabled");
    }
    let verified = host.root_sh("systemd-analyze verify /usr/lib/systemd/system/writ*.s*");
    assert_eq!((verified.ok(), verified.stderr.as_str()), ("", ""));

    let status = host.as_user("alice", "writ status");
    assert!(
        status.ok().contains("observes: it records what it would decide and blocks nothing"),
        "{status}"
    );
    let doctor = host.root(&["writ", "doctor"]);
    for words in [
        "no role to go by; `writ init",
        "sudo does not ask Writ; `writ enable sudo`",
        "Nothing is wrong.",
    ] {
        assert!(doctor.ok().contains(words), "{doctor}");
    }
}

pub(crate) fn an_upgrade_fails_no_sudo_and_keeps_who_waits(host: &Host) {
    open(host);
    host.put("/root/writ.deb", std::fs::read(package()).expect("the package can be read"), 0o644);
    host.root_sh(MAKE_NEXT).ok();
    let agent = || host.root(&["systemctl", "show", "--property=MainPID", "writd"]).ok().to_owned();
    let former = agent();

    let alice = host.login("alice");
    alice.type_line("sudo touch /root/upgraded");
    alice.expect("waiting for");
    let others = SudoLoop::start(host);
    host.root(&["dpkg", "--install", "/root/next.deb"]).ok();
    others.none_failed(host);
    assert_ne!(agent(), former);
    assert!(!host.has("/root/upgraded"));

    let id = host.request_of("pending", "/root/upgraded");
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    alice.prompt();
    assert!(host.has("/root/upgraded"), "{}", alice.screen());
    host.install(&package());
}

pub(crate) fn removing_the_package_gives_sudo_back(host: &Host) {
    open(host);
    let others = SudoLoop::start(host);
    host.root(&["apt-get", "remove", "--yes", "writ"]).ok();
    others.none_failed(host);
    is_gone(host);
    // The policy is the admin's, and is there when the package comes back.
    open(host);
    assert!(sudo_asks(host));
}

pub(crate) fn removing_works_though_the_plugin_is_gone(host: &Host) {
    open(host);
    host.root_sh("rm /usr/libexec/sudo/sudo_writ.so").ok();
    host.root(&["dpkg", "--remove", "writ"]).ok();
    is_gone(host);
}

pub(crate) fn purging_keeps_the_record_and_says_so(host: &Host) {
    open(host);
    assert!(sudo_asks(host));
    let purged = host.root(&["dpkg", "--purge", "writ"]);
    purged.ok();
    assert!(purged.stderr.contains("the record stays in /var/lib/writ/ledger"), "{purged}");
    is_gone(host);
    assert!(!host.has("/etc/writ"));
    assert_eq!(host.root(&["ls", "-A", "/var/lib/writ"]).ok(), "ledger");
    assert!(host.root_sh("cat /var/lib/writ/ledger/*.jsonl").ok().contains("uname"));
    // The next agent goes on from there.
    closed(host);
    host.root(&["writ", "audit", "verify"]).ok();
    assert!(host.root(&["writ", "audit", "list"]).ok().contains("uname"));
}

/// sudo works as if the package had never been there.
#[track_caller]
fn is_gone(host: &Host) {
    assert!(!sudo_asks(host));
    host.root(&["sudo", "-n", "true"]).ok();
    assert!(same(host, FORMER, "/etc/sudo.conf"));
    for left in ["/usr/libexec/sudo/sudo_writ.so", "/run/writ", "/usr/bin/writ"] {
        assert!(!host.has(left), "{left}");
    }
    host.wait_until("the agent to be gone", PATIENCE, || {
        host.root(&["systemctl", "is-active", "writd.socket", "writd.service"]).stdout
            == "inactive\ninactive\n"
    });
    assert_eq!(host.root(&["systemctl", "is-system-running"]).stdout.trim(), "running");
}

/// What Debian wants of a package, and only of that.
const OF_PACKAGES_ONLY: [&str; 3] =
    ["/usr/share/doc/writ/CHANGELOG.md", "/usr/share/doc/writ/copyright", "/usr/share/lintian/"];

/// Debian's zsh has a folder for packages; any other zsh looks in this one.
const ZSH_FOLDERS: [&str; 2] =
    ["/usr/share/zsh/vendor-completions", "/usr/share/zsh/site-functions"];

pub(crate) fn make_install_lays_out_what_the_package_does(host: &Host) {
    let folder = PathBuf::from(format!("/tmp/writ-layout-{}", host.leader()));
    let (packed, installed) = (folder.join("packed"), folder.join("installed"));
    let run = |program: &str, arguments: &[&std::ffi::OsStr]| {
        let output = Command::new(program).args(arguments).output().expect("it can be started");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::create_dir_all(&packed).expect("a new folder");
    run("dpkg-deb", &["--extract".as_ref(), package().as_os_str(), packed.as_os_str()]);
    let checkout = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let destination = format!("DESTDIR={}", installed.display());
    run("make", &["-C".as_ref(), checkout.as_ref(), "install".as_ref(), destination.as_ref()]);

    let packed: BTreeMap<_, _> = layout(&packed)
        .into_iter()
        .filter(|(path, _)| !OF_PACKAGES_ONLY.iter().any(|folder| path.starts_with(folder)))
        .map(|(path, mode)| {
            let path = path.replace(ZSH_FOLDERS[0], ZSH_FOLDERS[1]);
            (path.trim_end_matches(".gz").to_owned(), mode)
        })
        .collect();
    assert_eq!(layout(&installed), packed);
    std::fs::remove_dir_all(&folder).expect("its own folder");
}

/// The files below `root`, with their modes.
fn layout(root: &Path) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a readable folder").flatten() {
            let data = entry.metadata().expect("a file");
            if data.is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                let path = path.strip_prefix(root).expect("it is below").display();
                found.insert(format!("/{path}"), data.permissions().mode());
            }
        }
    }
    found
}
