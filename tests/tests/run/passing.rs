//! What goes in and out.

use std::time::Duration;

use writ_tests::{Host, PATIENCE};

/// More than every pipe on the way holds, in bytes.
const MUCH: usize = 3_000_000;

pub(crate) fn folder_umask_and_environment_are_the_callers(host: &Host) {
    host.root_sh("mkdir -p '/srv/a %n $HOME b' && chmod 777 /srv '/srv/a %n $HOME b'").ok();
    let line = r#"cd '/srv/a %n $HOME b'; umask 027; LD_PRELOAD= SECRET=x TERM=vt220 LC_TIME=C.UTF-8 TZ=UTC writ run capture -- sh -c 'pwd; umask; env'"#;
    let ran = host.as_user("alice", line);
    let lines: Vec<&str> = ran.ok().lines().collect();
    assert_eq!(lines.get(..2), Some(&["/srv/a %n $HOME b", "0027"][..]), "{ran}");
    for kept in [
        "TERM=vt220",
        "LC_TIME=C.UTF-8",
        "TZ=UTC",
        "HOME=/home/alice",
        "USER=alice",
        "LOGNAME=alice",
        "SHELL=/bin/bash",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ] {
        assert!(lines.contains(&kept), "{kept} is not in {ran}");
    }
    let by_path = r#"cd '/srv/a %n $HOME b'; cp /bin/pwd '%n $X'; writ run capture -- './%n $X'"#;
    assert_eq!(host.as_user("alice", by_path).ok(), "/srv/a %n $HOME b");
    assert!(!ran.stdout.contains("SECRET"), "{ran}");
    assert!(!ran.stdout.contains("SSH_"), "{ran}");
}

pub(crate) fn arguments_arrive_as_they_were_typed(host: &Host) {
    let script = r#"import subprocess, sys
words = [b"%n %% %i", b"$HOME ${HOME} $$", b"it's \"so\"", b"a\\b \\x41", b"", b" ", b"two\nlines",
    b"tab\t", b"-x", b"--", b"\xc3\xa9", b";", b"&&", b"*"]
if sys.argv[1] == "odd":
    words += [b"\xff\xfe", b"\xc3", b"a\\\xff%n"]
shown = subprocess.run(["writ", "run", "capture", "--", "python3", "-c",
    "import os, sys; print([os.fsencode(word) for word in sys.argv[1:]])", *words],
    capture_output=True)
assert shown.stdout.decode().strip() == str(words), shown
"#;
    host.put("/srv/words.py", script, 0o644);
    host.as_user("alice", "python3 /srv/words.py plain").ok();
    host.as_user("alice", "python3 /srv/words.py odd").ok();
    // A folder that is no text, and a path of it.
    let line = "d=$(printf '/srv/\\377d'); mkdir -p \"$d\" && cd \"$d\" && cp /bin/pwd p && writ run capture -- ./p | od -An -c";
    let there = host.as_user("alice", line);
    assert!(there.ok().contains("377"), "{there}");
}

pub(crate) fn data_goes_through_pipes_and_files_both_ways(host: &Host) {
    let make = format!(
        "head -c {MUCH} /dev/urandom > /tmp/much; cat /tmp/much | writ run capture -- cat | cmp - /tmp/much && echo same"
    );
    assert_eq!(host.as_user("alice", &make).ok(), "same");
    // Files are read and written here, and reach it by pipes.
    let files =
        "writ run capture -- cat < /tmp/much > /tmp/copy; cmp /tmp/copy /tmp/much && echo same";
    assert_eq!(host.as_user("alice", files).ok(), "same");
    let append = "echo a > /tmp/log; writ run capture -- sh -c 'echo b; echo c >&2; echo d' >> /tmp/log 2>&1; cat /tmp/log";
    assert_eq!(host.as_user("alice", append).ok(), "a\nb\nc\nd");
    // A reader that has seen enough ends the writer.
    let ran = host.as_user("alice", "set -o pipefail; writ run capture -- yes | head -n 1");
    assert_eq!((ran.status, ran.stdout.trim()), (141, "y"), "{ran}");
    let empty = host.as_user("alice", "writ run capture -- cat < /dev/null; echo $?");
    assert_eq!(empty.ok(), "0");
    let apart = host.as_user("alice", "writ run capture -- sh -c 'echo out; echo err >&2'");
    assert_eq!((apart.stdout.as_str(), apart.stderr.as_str()), ("out\n", "err\n"));
}

pub(crate) fn the_exit_status_is_the_commands_own(host: &Host) {
    for (script, status) in
        [("exit 0", 0), ("exit 1", 1), ("exit 42", 42), ("exit 255", 255), ("kill -9 $$", 137)]
    {
        let ran = host.as_user("alice", &format!("writ run capture -- sh -c '{script}'"));
        assert_eq!(ran.status, status, "{script}: {ran}");
    }
    // Quick ones, whose end comes with their start.
    let many = "for i in $(seq 30); do writ run capture -- false && exit 9; done; true";
    host.as_user("alice", many).ok();
}

pub(crate) fn what_cannot_run_is_told(host: &Host) {
    let missing = host.as_user("alice", "writ run capture -- no-such-command");
    assert!(missing.failed_with(127).contains("no-such-command"), "{missing}");
    host.as_user("alice", "writ run capture -- /etc/passwd").failed_with(126);
    host.as_user("alice", "writ run capture -- /etc").failed_with(126);
    let no_interpreter =
        "printf '#!/no/such\\n' > /tmp/odd; chmod +x /tmp/odd; writ run capture -- /tmp/odd";
    let odd = host.as_user("alice", no_interpreter);
    assert!(odd.failed_with(126).contains("could not be executed"), "{odd}");
    host.as_user("alice", "writ run capture").failed_with(2);
    assert!(odd.stderr.contains("its interpreter is not there"), "{odd}");
    let ran = host.as_user(
        "alice",
        "mkdir -p /tmp/gone && cd /tmp/gone && rmdir /tmp/gone && writ run capture -- true",
    );
    assert_eq!(ran.status, 1, "{ran}");
}

pub(crate) fn signals_reach_the_command(host: &Host) {
    for (signal, status) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let mut ran = host.start_as(
            "alice",
            "echo $$; exec writ run capture -- sh -c 'echo started; exec sleep 1000'",
        );
        ran.expect_stdout("started");
        let pid = ran.stdout().lines().next().expect("a number").to_owned();
        assert!(ran.is_running());
        host.root(&["kill", &format!("-{signal}"), &pid]).ok();
        assert_eq!(ran.finish(PATIENCE).status, status, "{signal}");
    }
    let trapping = "writ run capture -- sh -c 'trap \"echo got; exit 5\" USR1; echo $$ started; while :; do sleep 0.1; done'";
    let ran = host.start_as("alice", &format!("echo $$; exec {trapping}"));
    ran.expect_stdout("started");
    let pid = ran.stdout().lines().next().expect("a number").to_owned();
    host.root(&["kill", "-USR1", &pid]).ok();
    let ended = ran.finish(Duration::from_secs(20));
    assert!(ended.status == 5 && ended.stdout.contains("got"), "{ended}");
}
