//! What a fleet manager does: enable, try, undo, look after.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

mod fake_host;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use fake_host::{FakeHost, Ran, SUDO_CONF, error, reply, status};
use serde_json::{Value, json};

const ENABLED: &str = "# sudo.conf
Set disable_coredump false
# writ: begin
# Written by `writ enable sudo`; `writ disable sudo` takes it out.
Plugin writ_approval sudo_writ.so
Plugin writ_audit sudo_writ.so
# writ: end
";

const MARKER: &str = "/var/lib/writ/rollback-sudo";

fn host_with_agent(status: Value) -> FakeHost {
    let host = FakeHost::new();
    for folder in ["/run/writ", "/etc"] {
        fs::set_permissions(host.path(folder), fs::Permissions::from_mode(0o755)).unwrap();
    }
    host.write("/run/systemd/journal/socket", "", 0o666);
    host.agent(move |method, _| match method {
        "Status" => reply(status.clone()),
        "Reload" => reply(json!({})),
        _ => error("NotFound", json!({ "id": "" })),
    });
    host
}

fn assert_unchanged(host: &FakeHost, ran: &Ran) {
    assert_eq!(host.read("/etc/sudo.conf"), SUDO_CONF, "{}", ran.stderr);
    assert_eq!(host.read(MARKER), "");
}

#[test]
fn enabling_adds_the_lines_and_disabling_takes_out_just_them() {
    let host = host_with_agent(status());
    let ran = host.writ(&["enable", "sudo"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "sudo now asks Writ.\n"), "{}", ran.stderr);
    assert_eq!(host.read("/etc/sudo.conf"), ENABLED);
    let again = host.writ(&["enable", "sudo"]);
    assert_eq!((again.exit, host.read("/etc/sudo.conf").as_str()), (0, ENABLED));
    let ran = host.writ(&["disable", "sudo"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "sudo no longer asks Writ.\n"));
    assert_eq!(host.read("/etc/sudo.conf"), SUDO_CONF);
    assert_eq!(host.writ(&["disable", "sudo"]).exit, 0);
}

#[test]
fn a_host_without_sudo_conf_has_none_after_disabling() {
    let host = host_with_agent(status());
    fs::remove_file(host.path("/etc/sudo.conf")).unwrap();
    assert_eq!(host.writ(&["enable", "sudo"]).exit, 0);
    assert_eq!(host.writ(&["disable", "sudo"]).exit, 0);
    assert!(!host.path("/etc/sudo.conf").exists());
}

#[test]
fn a_plugin_that_sudo_cannot_load_is_taken_out_again() {
    let host = host_with_agent(status());
    host.write("/broken", "", 0o644);
    let ran = host.writ(&["enable", "sudo", "--rollback-after", "10m"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stderr.contains("unable to load"), "{}", ran.stderr);
    assert_unchanged(&host, &ran);
}

#[test]
fn nothing_is_enabled_that_would_lock_people_out() {
    let host = FakeHost::new();
    let ran = host.writ(&["enable", "sudo"]);
    assert_eq!(ran.exit, 6);
    assert_unchanged(&host, &ran);
    for (key, value) in [("sealed", "line 17"), ("policy_error", "roles.d/web.toml:3")] {
        let mut status = status();
        status[key] = value.into();
        let host = host_with_agent(status);
        let ran = host.writ(&["enable", "sudo"]);
        assert_eq!(ran.exit, 1);
        assert!(ran.stderr.contains(value), "{}", ran.stderr);
        assert_unchanged(&host, &ran);
        assert_eq!(host.writ(&["enable", "sudo", "--force"]).exit, 0);
    }
}

#[test]
fn a_loose_sudo_conf_or_plugin_is_not_enabled() {
    for (path, mode) in [("/etc/sudo.conf", 0o664), ("/usr/libexec/sudo/sudo_writ.so", 0o777)] {
        let host = host_with_agent(status());
        fs::set_permissions(host.path(path), fs::Permissions::from_mode(mode)).unwrap();
        let ran = host.writ(&["enable", "sudo"]);
        assert_eq!(ran.exit, 1, "{path}");
        assert!(ran.stderr.contains(path), "{}", ran.stderr);
        assert_unchanged(&host, &ran);
    }
    let host = host_with_agent(status());
    fs::remove_file(host.path("/usr/libexec/sudo/sudo_writ.so")).unwrap();
    assert_eq!(host.writ(&["enable", "sudo"]).exit, 1);
}

#[test]
fn a_trial_that_is_not_confirmed_undoes_itself() {
    let host = host_with_agent(status());
    let ran = host.writ(&["enable", "sudo", "--rollback-after", "10m"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("`writ enable sudo --confirm`"), "{}", ran.stdout);
    assert!(host.read(MARKER).contains("until_wall_ms"));
    let log = host.read("/log");
    assert!(log.contains("systemd-run --unit=writ-rollback-sudo --on-active=600s"), "{log}");
    assert!(log.contains("disable sudo --if-unconfirmed"), "{log}");
    // What the timer runs, and what runs at boot.
    assert_eq!(host.writ(&["disable", "sudo", "--if-unconfirmed"]).exit, 0);
    assert_unchanged(&host, &ran);
    assert_eq!(host.writ(&["enable", "sudo", "--confirm"]).exit, 1);
}

#[test]
fn a_trial_that_is_confirmed_stays() {
    let host = host_with_agent(status());
    assert_eq!(host.writ(&["enable", "sudo", "--rollback-after", "10m"]).exit, 0);
    let ran = host.writ(&["enable", "sudo", "--confirm"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "sudo goes on asking Writ.\n"));
    assert!(host.read("/log").ends_with("systemctl stop --quiet writ-rollback-sudo.timer\n"));
    assert_eq!(host.writ(&["disable", "sudo", "--if-unconfirmed"]).exit, 0);
    assert_eq!(host.read("/etc/sudo.conf"), ENABLED);
}

#[test]
fn without_its_timer_no_trial_begins() {
    let host = host_with_agent(status());
    host.program("systemd-run", "echo 'no bus' >&2; exit 1");
    let ran = host.writ(&["enable", "sudo", "--rollback-after", "10m"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stderr.contains("no bus"), "{}", ran.stderr);
    assert_unchanged(&host, &ran);
}

#[test]
fn a_first_configuration_is_written_once_and_read_by_the_agent() {
    let host = host_with_agent(status());
    let ran = host.writ(&["init", "--approver", "root", "--admins", "root", "--enforce"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(host.read("/etc/writ/writ.toml").contains("mode = \"enforce\""));
    assert!(host.read("/etc/writ/roles.d/admins.toml").contains("\"%root\""));
    assert!(host.read("/etc/writ/approvers.d/root.toml").contains("unix_user = \"root\""));
    assert_eq!(host.calls_of("Reload").len(), 1);
    let again = host.writ(&["init", "--approver", "root", "--admins", "root"]);
    assert_eq!(again.exit, 1);
    assert!(again.stderr.contains("/etc/writ/writ.toml is there already"), "{}", again.stderr);
    assert_eq!(host.writ(&["init", "--approver", "no-such-user"]).exit, 2);
}

#[test]
fn a_host_in_good_order_has_no_findings() {
    let host = host_with_agent(status());
    assert_eq!(host.writ(&["enable", "sudo"]).exit, 0);
    let ran = host.writ(&["doctor"]);
    assert_eq!(ran.exit, 0, "{}", ran.stdout);
    assert!(ran.stdout.ends_with("Nothing is wrong.\n"), "{}", ran.stdout);
}

#[test]
fn what_sudo_would_not_load_is_found() {
    let host = host_with_agent(status());
    host.write(
        "/etc/sudo.conf",
        "Plugn writ_approval sudo_writ.so\nPlugin writ_audit sudo_writ.so\n",
        0o644,
    );
    let ran = host.writ(&["doctor", "--json"]);
    assert_eq!(ran.exit, 1);
    let diagnosis: Value = serde_json::from_str(&ran.stdout).unwrap();
    let findings = diagnosis["findings"].to_string();
    assert!(findings.contains("Plugn writ_approval"), "{findings}");
    assert!(findings.contains("only one of Writ's two plugins"), "{findings}");
}

#[test]
fn an_enabled_door_that_came_loose_is_found() {
    let host = host_with_agent(status());
    assert_eq!(host.writ(&["enable", "sudo"]).exit, 0);
    fs::set_permissions(host.path("/etc/sudo.conf"), fs::Permissions::from_mode(0o666)).unwrap();
    fs::remove_file(host.path("/usr/libexec/sudo/sudo_writ.so")).unwrap();
    host.program("systemctl", "echo disabled; exit 1");
    let ran = host.writ(&["doctor"]);
    assert_eq!(ran.exit, 1);
    for wrong in
        ["runs commands without Writ", "the file is not there", "writd.socket is not enabled"]
    {
        assert!(ran.stdout.contains(wrong), "{wrong}: {}", ran.stdout);
    }
}

#[test]
fn an_agent_that_refuses_everything_is_found() {
    let mut status = status();
    status["sealed"] = "segment 00000001.jsonl, line 17".into();
    status["mode"] = "observe".into();
    let ran = host_with_agent(status).writ(&["doctor"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stdout.contains("the agent refuses everything: segment 00000001.jsonl"));
    assert!(ran.stdout.contains("Writ observes"));
}

/// What keeps groups from being lent is a finding where a role lends some, a note where
/// none does, and a finding where the policy does not tell.
#[test]
fn what_keeps_groups_from_being_lent_is_found() {
    let host = host_with_agent(status());
    fs::set_permissions(host.path("/etc/writ"), fs::Permissions::from_mode(0o755))
        .unwrap_or_else(|_| fs::create_dir(host.path("/etc/writ")).unwrap());
    host.write("/etc/nsswitch.conf", "group: files sss\n", 0o644);
    fs::remove_file(host.path("/usr/lib/x86_64-linux-gnu/libnss_systemd.so.2")).unwrap();
    host.write("/run/nscd/socket", "", 0o666);
    let told = [
        "`group: files sss` does not name systemd",
        "write `group: files [SUCCESS=merge] systemd sss` in /etc/nsswitch.conf",
        "the C library has no libnss_systemd.so.2",
        "libnss-systemd",
        "nscd remembers groups",
        "enable-cache group no",
    ];
    let role = |groups: &str| {
        let text = format!("[role.web]\nmembers = [\"alice\"]\n{groups}\ndecision = \"allow\"\n");
        host.write("/etc/writ/roles.d/web.toml", &text, 0o644);
        host.writ(&["doctor"])
    };
    for (groups, exit) in [("", 0), ("groups = [\"www-data\"]", 1), ("groups = 7", 1)] {
        let ran = role(groups);
        assert_eq!(ran.exit, exit, "{groups}: {}", ran.stdout);
        for words in told {
            assert!(ran.stdout.contains(words), "{groups}: {words}: {}", ran.stdout);
        }
        assert_eq!(
            ran.stdout.contains("No role lends groups"),
            groups.is_empty(),
            "{}",
            ran.stdout
        );
    }
    host.write("/etc/nsswitch.conf", "group: files systemd\n", 0o644);
    host.write("/usr/lib64/libnss_systemd.so.2", "", 0o644);
    fs::remove_file(host.path("/run/nscd/socket")).unwrap();
    let ran = role("groups = [\"www-data\"]");
    assert_eq!(ran.exit, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("`group: files [SUCCESS=merge] systemd`"), "{}", ran.stdout);
}

#[test]
fn what_only_root_may_look_at_is_no_finding() {
    // Only root can become another user.
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let host = host_with_agent(status());
    host.write("/var/lib/writ/ledger/00000001.jsonl", "", 0o640);
    for (path, mode) in [("", 0o755), ("/var/lib/writ", 0o750)] {
        fs::set_permissions(host.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    // Another user, who may not be let into the folder that the program is built in.
    let writ = host.path("/usr/bin/writ");
    fs::copy(env!("CARGO_BIN_EXE_writ"), &writ).unwrap();
    let ran = Command::new("/usr/bin/setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(writ)
        .arg("--root")
        .arg(host.path("/"))
        .arg("doctor")
        .output()
        .unwrap();
    let stdout = String::from_utf8(ran.stdout).unwrap();
    assert!(stdout.contains("Not looked at, as only root may: "), "{stdout}");
    assert!(stdout.contains("/var/lib/writ/ledger"), "{stdout}");
    assert_eq!(ran.status.code(), Some(0), "{stdout}");
}

#[test]
fn checking_a_policy_names_every_error_with_its_place() {
    let host = FakeHost::new();
    host.write("/policy/writ.toml", "mode = \"enforce\"\ntimeuot = 1\n", 0o644);
    host.write("/policy/roles.d/web.toml", "[role.web]\nmembers = 7\n", 0o644);
    let folder = host.path("/policy");
    let ran = host.writ(&["check", folder.to_str().unwrap()]);
    assert_eq!(ran.exit, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("writ.toml:2:1"), "{}", ran.stdout);
    assert!(ran.stdout.contains("web.toml:2:"), "{}", ran.stdout);
    host.write("/policy/writ.toml", "mode = \"enforce\"\n", 0o644);
    host.write("/policy/roles.d/web.toml", "[role.web]\nmembers = [\"alice\"]\n", 0o644);
    let ran = host.writ(&["check", folder.to_str().unwrap()]);
    assert_eq!(ran.exit, 0, "{}", ran.stdout);
    assert!(ran.stdout.ends_with("2 files with 1 role; no error in them.\n"), "{}", ran.stdout);
}
