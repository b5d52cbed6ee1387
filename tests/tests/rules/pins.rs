//! `sha256`.

use writ_tests::Host;

use crate::POLICY;

const TOOL: &str = "/usr/local/bin/tool";

pub(crate) fn a_pinned_program_is_allowed_as_it_was_pinned_and_as_nothing_else(host: &Host) {
    host.put(TOOL, "#!/bin/sh\necho the tool\n", 0o755);
    let sum = host.root(&["sha256sum", TOOL]);
    let digest = sum.ok().split(' ').next().expect("a digest first").to_owned();
    let role = format!(
        "[role.tools]\nmembers = [\"alice\"]\n[[role.tools.rule]]\nname = \"the tool\"\n\
         commands = [\"{TOOL} **\"]\nsha256 = \"{digest}\"\ndecision = \"allow\"\n"
    );
    let mut files = POLICY.to_vec();
    files.push(("roles.d/tools.toml", &role));
    host.take_policy(&files);

    let alice = host.login("alice");
    assert_eq!(alice.run("sudo tool"), ("the tool".to_owned(), 0));
    assert_eq!(host.as_user("alice", "sudo -n tool").ok(), "the tool");
    let listed = host.root(&["writ", "audit", "list", "--json", "--user", "alice"]);
    assert!(listed.ok().contains("command.started"), "{listed}");

    host.put(TOOL, "#!/bin/sh\ntouch /srv/replaced\n", 0o755);
    let (said, status) = alice.run("sudo tool");
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("no role that alice has"), "{said}");

    // Her own, with the right digest: she could make another of it in the next moment.
    host.put(TOOL, "#!/bin/sh\necho the tool\n", 0o755);
    host.root(&["chown", "alice", TOOL]).ok();
    let (said, status) = alice.run("sudo tool");
    assert_eq!(status, 1, "{said}");

    assert!(!host.has("/srv/replaced"));
    host.root(&["rm", TOOL]).ok();
    host.take_policy(POLICY);
}
