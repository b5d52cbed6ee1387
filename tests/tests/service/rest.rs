//! Nothing happens, and nothing is left of what happened.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

/// How long nothing happens. The watchdog's ping comes every 90 s.
const REST: Duration = Duration::from_secs(20);

/// How often it may wake up meanwhile: once for a ping, and once more where its timer
/// is rounded down.
const WAKE_UPS_MAX: u64 = 2;

/// What it may hold of memory, in KiB.
const RESIDENT_KIB_MAX: u64 = 8 * 1024;

/// How long tokio keeps a thread that looked at files or names: ten seconds.
const THREADS_KEPT: Duration = Duration::from_secs(30);

pub(crate) fn at_rest_nothing_wakes_it_and_little_is_held(host: &Host) {
    host.as_user("alice", "sudo -n id -u").ok();
    // One decides, one copies to the journal, one answers look-ups of lent groups.
    host.wait_until("its helping threads to end", THREADS_KEPT, || switches(host).len() <= 3);
    let begun = Instant::now();
    let before = switches(host);
    host.wait_until("some time to pass", 2 * REST, || begun.elapsed() >= REST);
    let after = switches(host);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let woken: u64 = after.values().sum::<u64>() - before.values().sum::<u64>();
    assert!(woken <= WAKE_UPS_MAX, "{woken} times: {before:?}, then {after:?}");
    let resident = host.agent_memory_kib("VmRSS");
    assert!(resident <= RESIDENT_KIB_MAX, "{resident} KiB");
}

pub(crate) fn fifty_sudo_leave_nothing_behind(host: &Host) {
    let fifty = "for i in $(seq 50); do sudo -n id -u || exit; done";
    host.as_user("carol", fifty).ok();
    let descriptors = host.agent_descriptors();
    let resident = host.agent_memory_kib("VmRSS");
    host.as_user("carol", fifty).ok();
    host.wait_until("no more descriptors than before", PATIENCE, || {
        host.agent_descriptors() <= descriptors
    });
    let resident_now = host.agent_memory_kib("VmRSS");
    assert!(resident_now <= RESIDENT_KIB_MAX, "{resident} KiB, then {resident_now}");
}

/// How often each of its threads has gone to sleep, which it does once for each time
/// that it was woken (proc_pid_status(5)).
#[track_caller]
fn switches(host: &Host) -> BTreeMap<String, u64> {
    let pid = host.agent_life().pid;
    // A thread that ends meanwhile has none.
    let found = host.root_sh(&format!(
        "grep -s ^voluntary_ctxt_switches /proc/{pid}/task/*/status || test $? = 2"
    ));
    let threads = found.ok().lines().map(|line| {
        let (thread, rest) = line.split_once("/status:").expect("grep names the files");
        let count = rest.split_whitespace().last().and_then(|count| count.parse().ok());
        (thread.to_owned(), count.unwrap_or_else(|| panic!("{line}")))
    });
    threads.collect()
}
