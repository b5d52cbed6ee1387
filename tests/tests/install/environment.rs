//! Where `writ` runs: without an environment, without colours, into a pipe.

use writ_tests::Host;

use crate::state::open;

/// What a terminal takes for the beginning of a colour.
const ESCAPE: &[u8] = b"\x1b[2m";

pub(crate) fn writ_needs_nothing_of_its_environment(host: &Host) {
    open(host);
    for environment in [
        &["env", "-i"][..],
        &["env", "-i", "LANG=C"],
        &["env", "-i", "LC_ALL=xx_YY", "PATH=/nonexistent"],
    ] {
        for verb in ["status", "doctor", "audit list", "audit verify", "check"] {
            let verb = verb.split(' ');
            let argv: Vec<&str> =
                environment.iter().copied().chain(["/usr/bin/writ"]).chain(verb).collect();
            let ran = host.root(&argv);
            ran.ok();
            assert_eq!(ran.stderr, "", "{ran}");
        }
    }
    host.root_sh("env -i /usr/bin/writ disable sudo && env -i /usr/bin/writ enable sudo --rollback-after 1h && env -i /usr/bin/writ enable sudo --confirm").ok();
    // Not wholly empty: without any variable, Debian 13's sudo crashes by itself.
    host.as_user("alice", "env -i A=B /usr/bin/sudo -n true").ok();
    let asked = host.as_user("alice", "env -i LANG=C /usr/bin/sudo -n uname -m");
    assert!(asked.failed_with(1).contains("stays open"), "{asked}");
}

pub(crate) fn output_that_nobody_reads_to_its_end_is_no_fault(host: &Host) {
    open(host);
    for verb in ["audit list", "audit list --json", "--help", "status --json"] {
        // More than a pipe holds, so that some of it meets a closed one.
        let script = format!("for _ in $(seq 20); do writ {verb}; done 2>/root/said | head -n 1");
        assert_ne!(host.root_sh(&script).ok(), "");
        assert_eq!(host.read("/root/said"), "", "{verb}");
    }
    let root = host.login("root");
    root.run("writ audit list | cat");
    assert!(!coloured(&root.raw()));
    root.run("NO_COLOR=1 writ audit list");
    root.run("TERM=dumb writ audit list");
    assert!(!coloured(&root.raw()));
    root.run("writ audit list");
    assert!(coloured(&root.raw()));
}

fn coloured(bytes: &[u8]) -> bool {
    bytes.windows(ESCAPE.len()).any(|window| window == ESCAPE)
}
