//! Callers that are not well-behaved.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE, Running};

use crate::lender::{is_in, lend};

/// How long a look-up beside them may take, with the rig around it.
const LOOK_UP_MAX: Duration = Duration::from_secs(1);

/// Connects again and again until its standard input ends: sends garbage, or asks and
/// never reads.
const MISUSE: &str = r#"
import json, os, select, socket, sys
call = json.dumps({"method": "io.systemd.UserDatabase.GetMemberships", "more": True,
                   "parameters": {"service": "io.writ.UserDatabase"}}).encode() + b"\0"
print("begun", flush=True)
deaf = []
while not select.select([sys.stdin], [], [], 0)[0]:
    for kind in ("garbage", "endless", "deaf", "half", "gone"):
        ours = socket.socket(socket.AF_UNIX)
        ours.setblocking(False)
        try:
            ours.connect("/run/systemd/userdb/io.writ.UserDatabase")
            if kind == "garbage":
                ours.send(os.urandom(3000) + b"\0")
            elif kind == "endless":
                ours.send(b"{" * 100000)
            elif kind == "half":
                ours.send(call[:20])
                deaf.append(ours)
            elif kind == "deaf":
                for _ in range(50):
                    ours.send(call * 20)
                deaf.append(ours)
        except OSError:
            pass
    deaf = deaf[-30:]
"#;

/// Holds as many connections as it is told to and says how many are still open
/// after each was given the time to be closed.
const HOLD: &str = r#"
import select, socket, sys
held = []
for _ in range(int(sys.argv[1])):
    ours = socket.socket(socket.AF_UNIX)
    ours.connect("/run/systemd/userdb/io.writ.UserDatabase")
    held.append(ours)
probe = socket.socket(socket.AF_UNIX)
probe.connect("/run/systemd/userdb/io.writ.UserDatabase")
# Taken in the order of connecting: when this one is closed, all were looked at.
probe.recv(1)
closed, _, _ = select.select(held, [], [], 0)
print(len(held) - len(closed), flush=True)
sys.stdin.read()
"#;

pub(crate) fn garbage_and_clients_that_never_read_hold_nobody_up(host: &Host) {
    lend(host, &[("bob", "adm"), ("bob", "shadow"), ("bob", "staff")]);
    host.put("/srv/misuse.py", MISUSE, 0o644);
    let carol = host.start_as("carol", "exec python3 /srv/misuse.py");
    carol.expect_stdout("begun");
    for _ in 0..50 {
        let began = Instant::now();
        assert!(is_in(host, "bob", "adm"));
        assert!(began.elapsed() < LOOK_UP_MAX, "{:?}", began.elapsed());
    }
    let bob = host.as_user("bob", "id -nG");
    assert!(bob.ok().contains("adm"), "{bob}");
    ended(host, carol);
    lend(host, &[]);
}

pub(crate) fn three_hundred_connections_of_one_user_hold_nobody_up(host: &Host) {
    lend(host, &[("bob", "adm")]);
    host.put("/srv/hold.py", HOLD, 0o644);
    let carol = host.start_as("carol", "python3 /srv/hold.py 300");
    carol.expect_stdout("64\n");
    // Root, another user, and the processes that are root on somebody's behalf.
    assert!(is_in(host, "bob", "adm"));
    let bob = host.as_user("bob", "id -nG bob && sudo -n true");
    assert!(bob.ok().contains("adm"), "{bob}");
    // Her own programs find none of what is lent meanwhile, and go on.
    let hers = host.as_user("carol", "id -nG bob");
    assert!(hers.ok().contains("oncall"), "{hers}");
    ended(host, carol);
    lend(host, &[]);
}

/// Her program ends with its standard input.
fn ended(host: &Host, mut carol: Running) {
    carol.close_stdin();
    carol.finish(PATIENCE).ok();
    let left = host.root(&["pgrep", "-u", "carol", "python3"]);
    left.failed_with(1);
}
