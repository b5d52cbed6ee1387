//! Break-glass on a host: who may, what everybody sees, and who reviews it.

use writ_tests::Host;

use crate::policy::{POLICY, ROLES, WRIT_TOML};

/// alice, who is only asked about everything, may break the glass.
fn with_breakers(host: &Host, from: &str) {
    let host_file = format!("{WRIT_TOML}[break_glass]\nfrom = {from}\n");
    host.take_policy(&[("writ.toml", &host_file), ("roles.d/roles.toml", ROLES)]);
}

pub(crate) fn in_an_emergency_named_people_go_ahead_and_everybody_is_told(host: &Host) {
    with_breakers(host, "[\"alice\"]");
    let watching = host.login("carol");
    let line = "writ breakglass --reason 'disk full' -- touch /srv/broken";
    let ran = host.as_user("alice", line);
    assert_eq!(ran.status, 0, "{ran}");
    assert!(host.has("/srv/broken"));
    watching
        .expect("BREAK-GLASS: alice runs as root without a decision: /usr/bin/touch /srv/broken");
    watching.expect("because: disk full");

    let listed = host.root(&["writ", "audit", "review"]);
    let id = writ_id(listed.ok());
    assert!(listed.ok().contains("alice broke the glass"), "{listed}");
    let told = host.root_sh(&format!("journalctl -t writd -p alert -o cat | grep {id}"));
    assert!(told.ok().contains("break_glass.used"), "{told}");
    let story = host.root(&["writ", "audit", "list", "--id", &id]);
    for event in ["break_glass.used", "command.started", "command.finished"] {
        assert!(story.ok().contains(event), "{story}");
    }

    let own = host.as_user("alice", &format!("writ audit review {id}"));
    assert!(own.failed_with(5).contains("somebody else reviews it"), "{own}");
    let own =
        host.as_user("alice", &format!("writ breakglass --reason x -- writ audit review {id}"));
    assert_eq!(own.status, 5, "{own}");
    host.as_user("carol", &format!("writ audit review {id}")).failed_with(5);
    let status = host.as_user("bob", "writ status");
    assert!(status.ok().contains("break-glass"), "{status}");
    host.as_user("bob", &format!("writ audit review {id} --comment 'was full indeed'")).ok();
    let listed = host.root(&["writ", "audit", "review"]);
    assert!(!listed.ok().lines().any(|line| line.starts_with(&id)), "{listed}");
    host.take_policy(POLICY);
}

pub(crate) fn who_is_not_named_cannot_break_the_glass_nor_use_anothers(host: &Host) {
    with_breakers(host, "[\"alice\", \"%adm\"]");
    let stranger = host.as_user("carol", "writ breakglass --reason x -- true");
    assert!(stranger.failed_with(5).contains("may not break the glass"), "{stranger}");
    let silent = host.as_user("alice", "writ breakglass --reason ' ' -- true");
    silent.failed_with(3);
    // Only the process that said so goes ahead: not its child, not another's sudo.
    let call = "import json,os,socket,subprocess,sys\n\
        a=socket.socket(socket.AF_UNIX); a.connect('/run/writ/io.writ.Agent')\n\
        a.sendall(json.dumps({'method':'io.writ.Agent.BreakGlass','parameters':{'reason':'x'}}).encode()+b'\\0')\n\
        print(a.recv(100)); sys.stdout.flush()\n\
        print(subprocess.run(['sudo','-n','touch','/srv/by-child']).returncode)\n\
        os.execv('/usr/bin/sudo',['sudo','-n','sh','-c','touch /srv/by-itself'])\n";
    host.put("/srv/mark.py", call, 0o644);
    let ran = host.as_user("alice", "python3 /srv/mark.py");
    assert_eq!(ran.status, 0, "{ran}");
    assert!(!host.has("/srv/by-child"), "{ran}");
    assert!(host.has("/srv/by-itself"), "{ran}");
    // What is lent does not count.
    let lends = "[role.lends]\nmembers = [\"carol\"]\ngroups = [\"adm\"]\ndecision = \"allow\"\n";
    let host_file = format!("{WRIT_TOML}[break_glass]\nfrom = [\"%adm\"]\n");
    host.take_policy(&[("writ.toml", &host_file), ("roles.d/lends.toml", lends)]);
    host.as_user("carol", "writ request lends").ok();
    host.as_user("carol", "writ breakglass --reason x -- true").failed_with(5);
    host.take_policy(POLICY);
}

fn writ_id(text: &str) -> String {
    let id = regex_lite::Regex::new("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}").expect("a form");
    id.find(text).unwrap_or_else(|| panic!("no ID in {text:?}")).as_str().to_owned()
}
