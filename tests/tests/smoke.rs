//! The rig itself: what every other theme stands on.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use writ_tests::{Host, PATIENCE, scenarios};

scenarios! {
    prepare: nothing_to_prepare,
    both: [
        a_login_is_a_session_with_a_login_uid_and_a_terminal,
        a_command_of_roots_belongs_to_a_service_and_has_no_login_uid,
        sudo_runs_as_root_and_syslog_says_so,
        sudo_asks_erin_for_her_password,
        exit_status_and_stdin_go_through_a_session_without_a_terminal,
        ctrl_c_reaches_the_process,
        a_job_can_be_stopped_and_continued,
        the_screen_shows_what_is_left_after_an_update,
        a_resize_reaches_the_program,
        a_lost_connection_hangs_up,
        a_file_is_put_with_its_mode,
        a_reboot_keeps_the_disk_and_starts_anew,
        a_power_cut_is_survived,
        a_second_host_is_apart_and_leaves_nothing_behind,
        a_host_goes_when_its_test_is_killed,
    ],
    trixie: [sudo_rs_is_there],
}

fn nothing_to_prepare(_host: &Host) {}

fn a_login_is_a_session_with_a_login_uid_and_a_terminal(host: &Host) {
    let alice = host.login("alice");
    let (uid, _) = alice.run("id -u");
    assert_eq!(alice.run("cat /proc/self/loginuid; echo"), (uid.clone(), 0));
    assert!(alice.run("tty").0.starts_with("/dev/pts/"));
    assert_eq!(alice.run("loginctl show-session --value -p Name $XDG_SESSION_ID").0, "alice");
    let (group, _) = alice.run("cat /proc/self/cgroup");
    assert!(group.contains(&format!("/user.slice/user-{uid}.slice/session-")), "{group}");
    assert_eq!(alice.run("sudo cat /proc/self/loginuid; echo").0, uid);
}

fn a_command_of_roots_belongs_to_a_service_and_has_no_login_uid(host: &Host) {
    let group = host.root(&["cat", "/proc/self/cgroup"]);
    assert!(group.ok().contains("/system.slice/rig.service/"), "{group}");
    assert_eq!(host.root(&["cat", "/proc/self/loginuid"]).ok(), u32::MAX.to_string());
    let status = host.root(&["systemctl", "is-system-running"]);
    assert_eq!(status.ok(), "running");
}

fn sudo_runs_as_root_and_syslog_says_so(host: &Host) {
    let alice = host.login("alice");
    assert_eq!(alice.run("sudo id -u"), ("0".to_owned(), 0));
    host.wait_until("sudo's line in auth.log", PATIENCE, || {
        let log = host.read("/var/log/auth.log");
        log.lines()
            .any(|line| line.contains(" host sudo") && line.contains("COMMAND=/usr/bin/id -u"))
    });
}

fn sudo_asks_erin_for_her_password(host: &Host) {
    let erin = host.login("erin");
    erin.type_line("sudo id -un");
    erin.expect("password for erin: ");
    erin.type_line("erin");
    erin.expect("\r\nroot\r\n");
}

fn exit_status_and_stdin_go_through_a_session_without_a_terminal(host: &Host) {
    let ran = host.as_user_with("carol", "tr a-z A-Z; tty >&2; exit 7", b"words");
    assert_eq!((ran.status, ran.stdout.as_str()), (7, "WORDS"));
    assert_eq!(
        host.as_user("carol", "cat /proc/self/loginuid").ok(),
        host.as_user("carol", "id -u").ok()
    );
    assert_eq!(host.as_user("bob", "sudo -n true").status, 1);
}

fn ctrl_c_reaches_the_process(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("sudo sh -c 'echo started; exec sleep 1000'");
    alice.expect("\nstarted");
    alice.send(b"\x03");
    alice.prompt();
    assert!(alice.screen().contains("^C"), "{}", alice.screen());
    assert_eq!(alice.run("(exit 4)"), (String::new(), 4));
}

fn a_job_can_be_stopped_and_continued(host: &Host) {
    let dave = host.login("dave");
    dave.type_line("echo re''ady; cat");
    dave.expect("ready\r\n");
    dave.type_line("once");
    dave.expect("once\r\nonce\r\n");
    dave.send(b"\x1a");
    dave.expect("Stopped");
    dave.type_line("fg");
    dave.expect("\r\ncat\r\n");
    dave.type_line("again");
    dave.expect("again\r\nagain\r\n");
    dave.send(b"\x04");
    dave.prompt();
}

fn the_screen_shows_what_is_left_after_an_update(host: &Host) {
    let alice = host.login("alice");
    alice.type_line(r"clear; printf '\rwaiting 10 s'; printf '\r\033[Kwaiting 9 s'; read");
    alice.see("the second line alone", |screen| screen == "waiting 9 s");
    assert!(alice.transcript().contains("waiting 10 s"));
}

fn a_resize_reaches_the_program(host: &Host) {
    let bob = host.login("bob");
    assert_eq!(bob.run("stty size").0, "24 80");
    bob.resize(50, 132);
    host.wait_until("the new size", PATIENCE, || bob.run("stty size").0 == "50 132");
}

fn a_lost_connection_hangs_up(host: &Host) {
    let carol = host.login("carol");
    carol.type_line(
        "trap 'echo hung up >~/hup; exit' HUP; echo tra''pped; while :; do sleep 1; done",
    );
    carol.expect("trapped\r\n");
    carol.hang_up();
    host.wait_until("the trap", PATIENCE, || host.has("/home/carol/hup"));

    let bob = host.login("bob");
    bob.type_line("exit 3");
    assert_eq!(bob.closed(), 3);
}

fn a_file_is_put_with_its_mode(host: &Host) {
    host.put("/srv/below/file", "text\n", 0o640);
    assert_eq!(host.read("/srv/below/file"), "text\n");
    assert_eq!(host.root(&["stat", "-c", "%a %U", "/srv/below/file"]).ok(), "640 root");
}

fn a_reboot_keeps_the_disk_and_starts_anew(host: &Host) {
    let boot_id = host.read("/proc/sys/kernel/random/boot_id");
    host.put("/var/kept", "", 0o600);
    host.put("/run/lost", "", 0o600);
    host.reboot();
    assert_ne!(host.read("/proc/sys/kernel/random/boot_id"), boot_id);
    assert!(host.has("/var/kept"));
    assert!(!host.has("/run/lost"));
    assert_eq!(host.login("alice").run("sudo id -u").0, "0");
}

fn a_power_cut_is_survived(host: &Host) {
    let before = host.root_sh("echo kept >/var/cut; cat /proc/sys/kernel/random/boot_id");
    host.cut_power();
    assert_ne!(host.read("/proc/sys/kernel/random/boot_id").trim(), before.ok());
    assert_eq!(host.read("/var/cut"), "kept\n");
}

fn a_second_host_is_apart_and_leaves_nothing_behind(host: &Host) {
    for _ in 0..2 {
        let second = Host::boot(host.release());
        let name = own_group(&second);
        assert_ne!(name, own_group(host));
        second.put("/var/second", "", 0o600);
        assert!(!host.has("/var/second"));
        assert_eq!(second.root_sh("ip -o link | wc -l").ok(), "1");
        drop(second);
        assert_eq!(remains(&name), Vec::<String>::new());
    }
}

fn a_host_goes_when_its_test_is_killed(host: &Host) {
    // This program again, as the test that will be killed.
    let program = std::env::current_exe().expect("a path");
    let mut test = Command::new(program)
        .args(["--release", host.release().name(), "--keep", "sudo_runs_as_root"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program can be started");
    // It says how to look around once all is done, and waits.
    let words = BufReader::new(test.stdout.take().expect("a pipe")).lines();
    assert!(words.map_while(Result::ok).any(|line| line.contains("nsenter")));
    let prefix = format!("writ-{}-{}-", host.release(), test.id());
    assert_ne!(remains(&prefix), Vec::<String>::new());
    test.kill().expect("a child can be killed");
    test.wait().expect("a child can be waited for");
    host.wait_until("its host to go", PATIENCE, || remains(&prefix).is_empty());
}

fn sudo_rs_is_there(host: &Host) {
    assert_eq!(host.as_user("alice", "sudo-rs -n id -u").ok(), "0");
}

/// The name of the host, which its control group has.
fn own_group(host: &Host) -> String {
    let groups = fs::read_to_string(format!("/proc/{}/cgroup", host.leader())).expect("it is up");
    let own =
        groups.lines().find_map(|line| line.strip_prefix("0::/")).expect("cgroup2 is mounted");
    own.split('/').find(|part| part.starts_with("writ-")).expect("a group of its own").to_owned()
}

/// What there is on the machine outside whose name starts with `prefix`: control
/// groups, mounts, folders, processes.
fn remains(prefix: &str) -> Vec<String> {
    let cache =
        std::env::var("WRIT_TEST_CACHE").unwrap_or_else(|_| "/var/cache/writ-tests".to_owned());
    let mut found = Vec::new();
    let mut folders = vec![Path::new(&cache).join("hosts"), "/run/systemd/nspawn/propagate".into()];
    folders.push("/sys/fs/cgroup".into());
    folders.extend(
        fs::read_dir("/sys/fs/cgroup").expect("cgroups").flatten().map(|entry| entry.path()),
    );
    for folder in folders {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        found.extend(names.map(|entry| entry.path().display().to_string()));
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("/proc is mounted");
    found.extend(mounts.lines().filter(|line| line.contains(prefix)).map(str::to_owned));
    for process in fs::read_dir("/proc").expect("/proc is mounted").flatten() {
        let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        if command.contains(prefix) {
            found.push(command);
        }
    }
    found
}
