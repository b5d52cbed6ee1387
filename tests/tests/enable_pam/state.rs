//! What the hosts of this theme are like.

use writ_tests::{Host, package};

/// A policy that has an approver and lets nobody wait.
const POLICY: &[(&str, &str)] = &[
    ("writ.toml", "mode = \"enforce\"\nunmatched = \"pass\"\n"),
    ("approvers.d/bob.toml", "[approver.bob]\nunix_user = \"bob\"\n"),
];

/// Where the modules are.
pub(crate) const FOLDER: &str = "/usr/lib/x86_64-linux-gnu/security";

/// The files as they were before.
const FORMER: &str = "/root/pam.d";

pub(crate) fn a_module_that_lets_everybody_on(host: &Host) {
    host.install(&package());
    host.take_policy(POLICY);
    host.root(&["cp", "--archive", "/etc/pam.d", FORMER]).ok();
    closed(host);
}

/// The package is there, the module lets everybody on, no service asks, and every file
/// is as it was.
pub(crate) fn closed(host: &Host) {
    if !host.has("/usr/bin/writ") {
        host.install(&package());
        host.take_policy(POLICY);
    }
    module(host, "pam_permit");
    host.root(&["writ", "disable", "pam"]).ok();
    host.root_sh(&format!("rm -rf /etc/pam.d && cp --archive {FORMER} /etc/pam.d")).ok();
}

/// Puts another module under the name of Writ's.
pub(crate) fn module(host: &Host, stand_in: &str) {
    host.root_sh(&format!(
        "cd {FOLDER} && cp {stand_in}.so pam_writ.so.new && mv pam_writ.so.new pam_writ.so"
    ))
    .ok();
}

/// Whether every file of PAM is as it was.
#[track_caller]
pub(crate) fn untouched(host: &Host) {
    let differs = host.root(&["diff", "--recursive", "--no-dereference", FORMER, "/etc/pam.d"]);
    assert_eq!(differs.stdout, "", "{differs}");
}

/// Whether alice becomes bob by su.
#[track_caller]
pub(crate) fn su_works(host: &Host, before: &str) -> bool {
    let line = format!("{before} su bob -c 'echo is $(id -un)'");
    host.as_user_with("alice", &line, b"bob\n").stdout.contains("is bob")
}
