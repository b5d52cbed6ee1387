//! A server that is gone, stopped or hung.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::lender::{SOCKET, UNIT, is_in, lend, property};

/// How long a look-up may wait for a server that hangs; a look-up by itself, and
/// the processes of the rig around it, take some more on a busy machine.
const HANG_MAX: Duration = Duration::from_secs(5);
const LOOK_UP_MAX: Duration = Duration::from_secs(1);

/// How long a login may take meanwhile: sshd looks up groups while it refuses the first
/// method that its client tries, and answers that only after up to twice the time that
/// it took, so that the time tells nothing (ensure_minimum_time_since() in auth2.c).
const LOGIN_MAX: Duration = Duration::from_secs(2 * HANG_MAX.as_secs() + 2);

/// Stops one thread of a process, as a debugger does (ptrace(2)), until it is killed:
/// `THREAD`.
const STOP_THREAD: &str = r#"
import ctypes, os, sys
PTRACE_ATTACH, WALL = 16, 0x40000000
thread = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(PTRACE_ATTACH, thread, None, None) != 0:
    sys.exit(f"errno {ctypes.get_errno()}")
os.waitpid(thread, WALL)
print("stopped", flush=True)
# Its end is told to who traces it first.
while not os.WIFSIGNALED(os.waitpid(thread, WALL)[1]):
    pass
"#;

pub(crate) fn at_rest_the_watchdog_is_the_units(host: &Host) {
    lend(host, &[]);
    assert_eq!(property(host, "WatchdogUSec"), "3min");
    lend(host, &[("bob", "adm")]);
    assert_eq!(property(host, "WatchdogUSec"), "4s");
    host.root(&["systemctl", "daemon-reload"]).ok();
    assert_eq!(property(host, "WatchdogUSec"), "4s");
    lend(host, &[]);
    assert_eq!(property(host, "WatchdogUSec"), "3min");
}

pub(crate) fn an_agent_at_rest_says_that_it_lives_at_half_of_what_its_unit_allows(host: &Host) {
    let drop_in = "/run/systemd/system/writd.service.d/soon.conf";
    host.put(drop_in, "[Service]\nWatchdogSec=2s\n", 0o644);
    host.root_sh("systemctl daemon-reload && systemctl restart writd.service").ok();
    let shown = |name: &str| {
        let property = format!("--property={name}");
        host.root(&["systemctl", "show", "--value", &property, "writd.service"]).ok().to_owned()
    };
    let restarts = shown("NRestarts");
    for _ in 0..3 {
        let before = shown("WatchdogTimestampMonotonic");
        host.wait_until("its word", PATIENCE, || shown("WatchdogTimestampMonotonic") != before);
    }
    assert_eq!(shown("NRestarts"), restarts);
    host.root(&["rm", drop_in]).ok();
    host.root_sh("systemctl daemon-reload && systemctl restart writd.service").ok();
}

pub(crate) fn a_killed_server_takes_what_it_lent_with_it(host: &Host) {
    let drop_in = "/run/systemd/system/lend.service.d/once.conf";
    host.put(drop_in, "[Service]\nRestart=no\n", 0o644);
    host.root(&["systemctl", "daemon-reload"]).ok();
    lend(host, &[("bob", "adm")]);
    assert!(is_in(host, "bob", "adm"));
    host.root(&["systemctl", "kill", "--signal=KILL", UNIT]).ok();
    host.wait_until("its end", PATIENCE, || property(host, "ActiveState") == "failed");
    assert!(host.has(SOCKET), "the file is there, and nobody behind it");
    let began = Instant::now();
    assert!(!is_in(host, "bob", "adm"));
    assert!(began.elapsed() < LOOK_UP_MAX, "{:?}", began.elapsed());
    host.as_user("bob", "id").ok();
    host.root(&["rm", drop_in]).ok();
    host.root_sh("systemctl daemon-reload && systemctl start lend.service").ok();
    assert!(is_in(host, "bob", "adm"), "what was lent is not lent again");
    lend(host, &[]);
}

pub(crate) fn a_stopped_server_is_ended_within_five_seconds_and_lends_again(host: &Host) {
    lend(host, &[("bob", "adm")]);
    host.root(&["systemctl", "daemon-reload"]).ok();
    host.root(&["systemctl", "kill", "--signal=STOP", UNIT]).ok();
    everybody_goes_on(host, "stopped");
}

pub(crate) fn a_hung_loop_and_a_hung_thread_are_ended_within_five_seconds(host: &Host) {
    host.put("/srv/stop-thread.py", STOP_THREAD, 0o644);
    for thread in ["lend", "userdb"] {
        lend(host, &[("bob", "adm")]);
        let pid = property(host, "MainPID");
        let find = format!("grep -lx {thread} /proc/{pid}/task/*/comm | head -n 1 | cut -d/ -f5");
        let number = host.root_sh(&find).ok().to_owned();
        let stopper = host.start_root(&["python3", "/srv/stop-thread.py", &number]);
        stopper.expect_stdout("stopped");
        everybody_goes_on(host, thread);
        stopper.finish(PATIENCE).ok();
    }
}

/// A server that has just begun to hang is soon a new one.
#[track_caller]
fn everybody_goes_on(host: &Host, what: &str) {
    let before = property(host, "NRestarts");
    let began = Instant::now();
    let look_up = host.start_root(&["id", "bob"]);
    let login = host.start_as("bob", "id");
    look_up.finish(HANG_MAX + LOOK_UP_MAX).ok();
    let looked_up = began.elapsed();
    login.finish(LOGIN_MAX).ok();
    let logged_in = began.elapsed();
    host.wait_until("a new server", PATIENCE, || {
        property(host, "NRestarts") != before && property(host, "ActiveState") == "active"
    });
    println!(
        "{}: {what} hangs: a look-up took {looked_up:.1?}, a login {logged_in:.1?}",
        host.release()
    );
    assert!(is_in(host, "bob", "adm"), "{what}: what was lent is not lent again");
    lend(host, &[]);
}
