//! What lends: the agent's user database by itself, in the agent's own unit.

use std::path::{Path, PathBuf};
use std::process::Command;

use writ_tests::Host;

use crate::POLICY;

/// The program, and its unit's name.
const LEND: &str = "/usr/sbin/lend";
pub(crate) const UNIT: &str = "lend.service";

/// Where its socket is while it lends.
pub(crate) const SOCKET: &str = "/run/systemd/userdb/io.writ.UserDatabase";

/// The agent's unit with another program: whatever its lines forbid, they forbid
/// here too.
const MAKE_UNIT: &str = r"sed \
    -e 's|^ExecStart=.*|ExecStart=/usr/sbin/lend /var/lib/lend/state /run/lend/control|' \
    -e 's|^ExecPaths=/usr/sbin/writd|ExecPaths=/usr/sbin/lend|' \
    -e 's|^StateDirectory=.*|StateDirectory=lend\nRuntimeDirectory=lend|' \
    -e '/^Requires=/d; /^After=/d; /^ExecReload=/d; /^Also=/d; /^WantedBy=/d' \
    /usr/lib/systemd/system/writd.service >/etc/systemd/system/lend.service
    systemctl daemon-reload && systemctl start lend.service";

/// Tells it what to lend, and waits until it says that it does.
const TELL: &str = r#"
import socket, sys
control = socket.socket(socket.AF_UNIX)
control.connect("/run/lend/control")
control.sendall(sys.stdin.buffer.read())
control.shutdown(socket.SHUT_WR)
said = control.makefile().read()
sys.exit(0 if said == "done\n" else said or "it has gone")
"#;

/// Where [`TELL`] lies on a host.
const TELL_PATH: &str = "/srv/tell.py";

/// The product with a policy of groups, and beside it what lends. Members of adm may
/// use sudo.
pub(crate) fn product_and_lender(host: &Host) {
    host.install_product(POLICY);
    host.put("/etc/sudoers.d/adm", "%adm ALL = (root) NOPASSWD: ALL\n", 0o440);
    host.put(TELL_PATH, TELL, 0o644);
    let program = std::fs::read(built()).expect("cargo has built it");
    host.put(LEND, program, 0o755);
    host.root_sh(MAKE_UNIT).ok();
}

/// The agent's example, built as this test is.
fn built() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--quiet", "--package", "writ-agent", "--example", "lend"])
        .current_dir(&workspace)
        .status();
    assert!(built.expect("cargo can be started").success(), "the example is not built");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), PathBuf::from);
    target.join("debug/examples/lend")
}

/// Lends these pairs of user and group, and nothing else; returns when it is done.
#[track_caller]
pub(crate) fn lend(host: &Host, pairs: &[(&str, &str)]) {
    let lines: String = pairs
        .iter()
        .map(|(user, group)| format!("{user}:{group}:{}\n", number_of(group)))
        .collect();
    host.root_with(&["python3", TELL_PATH], lines.as_bytes()).ok();
}

/// The same numbers on every Debian.
fn number_of(group: &str) -> u32 {
    match group {
        "adm" => 4,
        "shadow" => 42,
        "staff" => 50,
        "games" => 60,
        group => panic!("the number of {group} is not known here"),
    }
}

/// Whether `id` has the user in the group.
pub(crate) fn is_in(host: &Host, user: &str, group: &str) -> bool {
    host.root(&["id", "-nG", user]).ok().split(' ').any(|name| name == group)
}

/// A property of the lender's unit.
pub(crate) fn property(host: &Host, name: &str) -> String {
    host.root(&["systemctl", "show", "--value", "--property", name, UNIT]).ok().to_owned()
}
