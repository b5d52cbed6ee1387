//! Break-glass while the agent is away: alice is named, and others are not.

use writ_tests::{Host, PATIENCE, Terminal};

use crate::policy::{POLICY, ROLES, SPOOL, WRIT_TOML, away, back, kept, records};

/// What is offered to whom the policy names.
const OFFER: &str = "You may break the glass";

/// What no rule lets pass, at a terminal, with its exit status.
fn type_touch(terminal: &Terminal, file: &str) {
    terminal.type_line(&format!("sudo touch {file}; echo status $?"));
}

pub(crate) fn at_his_terminal_he_says_why_everybody_is_told_and_somebody_else_reviews_it(
    host: &Host,
) {
    let (alice, carol) = (host.login("alice"), host.login("carol"));
    away(host);
    type_touch(&alice, "/srv/glass-1");
    alice.expect(OFFER);
    alice.expect("Reason: ");
    alice.type_line("disk full");
    alice.expect("the glass is broken");
    alice.expect("status 0\r\n");
    carol.expect("BREAK-GLASS: alice runs as root without a decision, while Writ's agent is away: /usr/bin/touch /srv/glass-1");
    carol.expect("because: disk full");
    let waits = kept(host);
    let logged = host.root_sh("journalctl -t writ-without-agent -p alert -o cat");
    back(host);
    assert!(host.has("/srv/glass-1"));
    assert_eq!(waits.len(), 1, "{waits:?}");
    assert!(logged.ok().contains("BREAK-GLASS: alice runs as root"), "{logged}");
    assert!(logged.ok().contains("because: disk full"), "{logged}");
    // The agent tells it again, with what it is called by.
    let told = carol.expect_regex("writ audit review [0-9A-Z]{4}-[0-9A-Z]{2}");
    let id = told.rsplit(' ').next().expect("an ID").to_owned();

    let story = host.root(&["writ", "audit", "list", "--id", &id]);
    assert!(story.ok().contains("broke the glass while the agent was not there, at "), "{story}");
    let shown = host.root(&["writ", "audit", "show", &id]);
    assert!(shown.ok().contains("while the agent was not there"), "{shown}");
    let copied = host.root_sh(&format!("journalctl -t writd -p alert -o json | grep {id}"));
    assert!(copied.ok().contains("WRIT_WITHOUT_AGENT_MS"), "{copied}");
    // Once, also when the agent starts anew.
    host.root(&["systemctl", "restart", "writd"]).ok();
    host.wait_until("the agent", PATIENCE, || host.root(&["writ", "status"]).status == 0);
    assert_eq!(records(host, "glass-1").len(), 1);
    host.root(&["writ", "audit", "verify"]).ok();

    assert!(host.root(&["writ", "audit", "review"]).ok().contains(&id));
    host.as_user("alice", &format!("writ audit review {id}")).failed_with(5);
    host.as_user("bob", &format!("writ audit review {id} --comment seen")).ok();
    assert!(!host.root(&["writ", "audit", "review"]).ok().contains(&id));
}

pub(crate) fn who_says_nothing_or_is_not_named_breaks_no_glass(host: &Host) {
    let (alice, dave) = (host.login("alice"), host.login("dave"));
    away(host);
    type_touch(&alice, "/srv/glass-none");
    alice.expect("Reason: ");
    alice.send(b"half a rea\x03");
    alice.expect("writ: left; nothing was asked of anybody");
    alice.expect("status 1\r\n");
    type_touch(&alice, "/srv/glass-none");
    for _ in 0..3 {
        alice.expect("Reason: ");
        alice.send(b" \r");
    }
    alice.expect("no reason was given, and the glass was not broken");
    alice.expect("status 1\r\n");
    type_touch(&dave, "/srv/glass-none");
    let said = dave.expect("status 1\r\n");
    let unattended = host.as_user("alice", "WRIT_REASON=x sudo -n touch /srv/glass-none");
    let named = host.as_user("dave", "writ breakglass --reason x -- touch /srv/glass-none");
    let blank = host.as_user("alice", "writ breakglass --reason ' ' -- touch /srv/glass-none");
    // What is inherited is for another process.
    let other = host.as_user(
        "alice",
        "WRIT_BREAK_GLASS=$$ sh -c 'WRIT_REASON=x sudo -n touch /srv/glass-none; exit $?'",
    );
    let waits = kept(host);
    back(host);
    assert!(!said.contains("glass: type"), "{said}");
    assert!(unattended.failed_with(1).contains("writ breakglass --reason TEXT"), "{unattended}");
    assert!(named.failed_with(1).contains("dave may not break the glass"), "{named}");
    assert_ne!(blank.status, 0, "{blank}");
    other.failed_with(1);
    assert!(waits.is_empty(), "{waits:?}");
    assert!(!host.has("/srv/glass-none"));
}

pub(crate) fn writ_breakglass_says_it_once_and_needs_no_terminal(host: &Host) {
    let carol = host.login("carol");
    away(host);
    let ran = host.as_user("alice", "writ breakglass --reason 'agent dead' -- touch /srv/glass-2");
    let forged = "writ breakglass --reason \"$(printf 'x\\033[2J\\r\\nwrit: root approved')\" -- touch /srv/glass-3";
    let forged = host.as_user("alice", forged);
    carol.expect("because: agent dead");
    carol.expect("because: x\\e[2J");
    let raw = carol.raw();
    let logged = host.root_sh("journalctl -t writ-without-agent -p alert -o cat");
    back(host);
    assert!(ran.status == 0 && ran.stderr.contains("the glass is broken"), "{ran}");
    assert_eq!(forged.status, 0, "{forged}");
    assert!(host.has("/srv/glass-2") && host.has("/srv/glass-3"));
    assert!(!raw.windows(4).any(|bytes| bytes == b"\x1b[2J"), "{}", carol.transcript());
    assert!(!logged.ok().contains('\u{1b}'), "{logged}");
    assert!(!logged.ok().lines().any(|line| line.starts_with("writ: root approved")), "{logged}");
    assert_eq!(records(host, "agent dead").len(), 1);
    let listed = host.root(&["writ", "audit", "list"]);
    assert!(!listed.ok().contains('\u{1b}'), "{listed}");
}

pub(crate) fn what_cannot_be_put_down_or_is_of_another_policy_breaks_no_glass(host: &Host) {
    let line = "writ breakglass --reason x -- touch /srv/glass-not";
    away(host);
    let fill = format!(
        "for n in $(seq 1 250); do echo '{{}}' >{SPOOL}/$(printf '%010d' $n)-$(id -u alice)-$(printf '%032x' $n).json; done"
    );
    host.root_sh(&fill).ok();
    let full = host.as_user("alice", line);
    host.root_sh(&format!("rm -f {SPOOL}/*.json && mount -t tmpfs -o ro none {SPOOL}")).ok();
    let unwritable = host.as_user("alice", line);
    host.root(&["umount", SPOOL]).ok();
    let nobody = WRIT_TOML.replace("from = [\"alice\"]", "from = []");
    host.put_policy(&[("writ.toml", &nobody), ("roles.d/roles.toml", ROLES)]);
    let taken_out = host.as_user("alice", line);
    host.put_policy(POLICY);
    back(host);
    assert!(full.failed_with(1).contains("as much has passed without the agent"), "{full}");
    unwritable.failed_with(1);
    assert!(taken_out.failed_with(1).contains("the policy files have changed"), "{taken_out}");
    assert!(!host.has("/srv/glass-not"));
}

pub(crate) fn an_agent_that_is_there_decides_whatever_a_user_does(host: &Host) {
    // As many connections of her own as she may have, and more.
    let crowd = "import os,socket\n\
        held=[]\n\
        for n in range(200):\n\
        \x20   s=socket.socket(socket.AF_UNIX); s.settimeout(5); held.append(s)\n\
        \x20   try: s.connect('/run/writ/io.writ.Agent')\n\
        \x20   except OSError: pass\n\
        \x20   os.set_inheritable(s.fileno(), True)\n\
        os.environ['WRIT_REASON']='x'\n\
        os.environ['WRIT_BREAK_GLASS']=str(os.getpid())\n\
        os.execv('/usr/bin/sudo',['sudo','-n','touch','/srv/glass-alive'])\n";
    host.put("/srv/crowd.py", crowd, 0o644);
    let crowded = host.as_user("alice", "python3 /srv/crowd.py");
    let waits = kept(host);
    assert_ne!(crowded.status, 0, "{crowded}");
    assert!(!crowded.stderr.contains("glass is broken"), "{crowded}");
    assert!(!host.has("/srv/glass-alive") && waits.is_empty(), "{waits:?}");
    // What is asked beside it has the agent's own word against it.
    let beside = "import json,socket\n\
        s=socket.socket(socket.AF_UNIX); s.connect('/run/writ/without-agent')\n\
        a={'attempt':'0'*32,'door':'sudo','interactive':False,'at_once':True,'break_glass':True,'reason':'x','command':{'path':'/usr/bin/touch','argv':['touch'],'cwd':'/','edit':False,'run_as':{'user':'root','uid':0}}}\n\
        s.sendall(json.dumps({'method':'io.writ.Agent.Ask','parameters':a}).encode()+b'\\0')\n\
        print(s.recv(4096).decode())\n";
    host.put("/srv/beside.py", beside, 0o644);
    let asked = host.root_sh("setpriv --ruid=alice python3 /srv/beside.py");
    assert!(asked.ok().contains("Writ's agent is there and decides"), "{asked}");
    assert!(kept(host).is_empty());
}

pub(crate) fn of_a_hung_agent_it_is_broken_and_on_record_when_it_is_back(host: &Host) {
    let alice = host.login("alice");
    host.root(&["systemctl", "kill", "--signal=STOP", "writd"]).ok();
    type_touch(&alice, "/srv/glass-hung");
    alice.expect_within(OFFER, PATIENCE);
    alice.expect("Reason: ");
    alice.type_line("it hangs");
    alice.expect_within("the glass is broken", PATIENCE);
    alice.expect("status 0\r\n");
    host.root(&["systemctl", "kill", "--signal=CONT", "writd"]).ok();
    host.wait_until("the record", PATIENCE, || kept(host).is_empty());
    assert!(host.has("/srv/glass-hung"));
    assert_eq!(records(host, "glass-hung").len(), 1);
}
