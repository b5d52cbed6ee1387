//! Callers who say something else than `writ` does.

use writ_tests::{Host, Output};

const CLIENT_PATH: &str = "/srv/run.py";

/// Runs `id` with the descriptors that `sys.argv[1]` makes, and prints each reply.
const CLIENT: &str = r#"
import array, json, os, socket, sys
agent = socket.socket(socket.AF_UNIX)
agent.connect("/run/writ/io.writ.Agent")
def replies():
    data, goes_on = b"", True
    while goes_on:
        more = agent.recv(4096)
        if not more:
            print("closed")
            sys.exit(0)
        *frames, data = (data + more).split(b"\0")
        for frame in frames:
            print(frame.decode())
            goes_on = json.loads(frame).get("continues", False)
def call(method, parameters, descriptors=(), more=False):
    frame = json.dumps({"method": "io.writ.Agent." + method, "parameters": parameters, "more": more})
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
    try:
        agent.sendmsg([frame.encode() + b"\0"], rights if descriptors else [])
    except (BrokenPipeError, ConnectionResetError):
        print("closed")
        sys.exit(0)
run = {"role": sys.argv[2], "path": "/usr/bin/id", "argv": ["id"], "cwd": "/", "environment": [], "umask": 18}
null = os.open("/dev/null", os.O_RDWR)
if sys.argv[1] == "unprepared":
    call("Run", run, [null] * 3, True)
    replies()
    sys.exit(0)
call("PrepareRun", {"role": sys.argv[2]})
replies()
try:
    call("Run", run, eval(sys.argv[1]), True)
    replies()
except ConnectionResetError:
    print("closed")
"#;

fn run_with(host: &Host, user: &str, descriptors: &str, role: &str) -> Output {
    host.put(CLIENT_PATH, CLIENT, 0o644);
    host.as_user(user, &format!("python3 {CLIENT_PATH} '{descriptors}' {role}"))
}

pub(crate) fn nobody_without_a_window_hands_over_anything(host: &Host) {
    let refused = run_with(host, "bob", "[null] * 3", "capture");
    assert!(refused.ok().starts_with(r#"{"error":"io.writ.Agent.NotOpen""#), "{refused}");
    assert!(!refused.stdout.contains("started"), "{refused}");
    let refused = run_with(host, "alice", "unprepared", "capture");
    assert!(refused.ok().contains("call PrepareRun before Run"), "{refused}");
    // The role of the preparation is not that of the run's word: each is looked at.
    let fine = run_with(host, "alice", "[null] * 3", "capture");
    assert!(fine.ok().contains(r#""exit_status":0"#), "{fine}");
}

pub(crate) fn a_number_of_descriptors_but_three_is_refused(host: &Host) {
    for count in [0, 1, 2] {
        let refused = run_with(host, "alice", &format!("[null] * {count}"), "capture");
        assert!(refused.ok().contains(&format!("{count} came with the call")), "{refused}");
    }
    for count in [4, 5, 100, 253] {
        let refused = run_with(host, "alice", &format!("[null] * {count}"), "capture");
        let turned_away = refused.ok().contains("closed") || refused.stdout.contains("came with");
        assert!(turned_away && !refused.stdout.contains("started"), "{count}: {refused}");
    }
}

pub(crate) fn files_and_network_sockets_are_refused(host: &Host) {
    for odd in [
        "[os.open(\"/etc/passwd\", os.O_RDONLY), null, null]",
        "[null, os.open(\"/tmp\", os.O_RDONLY), null]",
        "[null, null, socket.socket(socket.AF_INET).detach()]",
        "[null, null, os.open(\"/dev/ptmx\", os.O_RDWR)]",
    ] {
        let refused = run_with(host, "alice", odd, "capture");
        assert!(refused.ok().contains("cannot be handed over"), "{odd}: {refused}");
    }
}

pub(crate) fn a_descriptor_of_another_users_terminal_is_refused(host: &Host) {
    let bob = host.login("bob");
    let (tty, _) = bob.run("tty");
    bob.run("chmod a+rw $(tty)");
    let odd = format!("[os.open(\"{tty}\", os.O_RDWR | os.O_NOCTTY), null, null]");
    let refused = run_with(host, "alice", &odd, "capture");
    assert!(refused.ok().contains("a terminal of another user"), "{refused}");
    // In a session of su's the terminal stays that of whoever logged in.
    assert_eq!(bob.run("echo still here").0, "still here");
}

pub(crate) fn a_run_of_another_user_is_not_there(host: &Host) {
    let refused = |user: &str| {
        let parameters = serde_json::json!({"attempt": "0123456789abcdef0123456789abcdef"});
        host.call_agent(user, "AwaitRun", &parameters)["error"].to_string()
    };
    assert!(refused("alice").contains("Refused"));
    assert_eq!(refused("bob"), refused("alice"));
}

pub(crate) fn the_agent_stays_small_and_answers(host: &Host) {
    let open = host.root_sh("ls /proc/$(pidof writd)/fd | wc -l").ok().to_owned();
    let open: usize = open.parse().expect("a number");
    assert!(open < 40, "{open} descriptors are open in the agent");
    assert_eq!(host.root(&["writ", "status"]).status, 0);
}
