//! What `writ enable pam` does not do.

use writ_tests::Host;

use crate::state::{FOLDER, closed, module, untouched};

/// A service that is not one: the name, and what is said.
const NOT_ONE: [(&str, &str); 13] = [
    ("writ", "Writ itself asks approvers by it"),
    ("common-account", "this is in the stack of other services too"),
    ("common-session", "this is in the stack of other services too"),
    ("other", "this is in the stack of other services too"),
    ("systemd-user", "this is in the stack of other services too"),
    ("house", "this is in the stack of other services too (shared)"),
    ("cron", "nobody waits at it for an answer"),
    ("nosuch", "there is no such service"),
    ("../passwd", "this is no name of a service"),
    ("/etc/pam.d/su", "this is no name of a service"),
    ("su.dpkg-old", "this is no name of a service"),
    (".su", "this is no name of a service"),
    ("", "this is no name of a service"),
];

/// A file that is odd: its text, and what is said.
const ODD: [(&str, &str); 4] = [
    ("acount required pam_unix.so\n", "line 1: this is no rule that pam.conf(5) knows"),
    ("account required \\\n# x\n  pam_unix.so\n", "line 2: a rule is continued over"),
    ("auth required pam_unix.so\n", "it has no account rule"),
    ("account include su\n", "takes in su, which asks Writ already"),
];

pub(crate) fn nothing_is_enabled_that_is_not_one_service(host: &Host) {
    closed(host);
    host.put("/etc/pam.d/cron", "account required pam_unix.so\n", 0o644);
    host.put("/etc/pam.d/house", "account required pam_unix.so\n", 0o644);
    host.put("/etc/pam.d/shared", "@include house\n", 0o644);
    for (name, says) in NOT_ONE {
        let refused = host.root(&["writ", "enable", "pam", name]);
        assert!(refused.failed_with(2).contains(says), "{name}: {refused}");
    }
    host.root(&["writ", "enable", "pam", "cron", "--force"]).ok();
    host.root_sh("writ disable pam && rm /etc/pam.d/cron /etc/pam.d/house /etc/pam.d/shared").ok();

    host.root(&["writ", "enable", "pam", "su"]).ok();
    for (text, says) in ODD {
        host.put("/etc/pam.d/odd", text, 0o644);
        let refused = host.root(&["writ", "enable", "pam", "odd"]);
        assert!(refused.failed_with(1).contains(says), "{text}: {refused}");
        assert_eq!(host.read("/etc/pam.d/odd"), text);
    }
    // su-l takes in su, and asks by it already.
    let refused = host.root(&["writ", "enable", "pam", "su-l"]);
    assert!(refused.failed_with(1).contains("which asks Writ already"), "{refused}");
    host.root_sh("writ disable pam; rm /etc/pam.d/odd; writ enable pam su-l").ok();
    let refused = host.root(&["writ", "enable", "pam", "su"]);
    assert!(refused.failed_with(1).contains("`writ disable pam su-l` first"), "{refused}");
    host.root(&["writ", "disable", "pam"]).ok();

    host.root_sh("mv /etc/pam.d/su /root/su && ln -s /root/su /etc/pam.d/su").ok();
    let refused = host.root(&["writ", "enable", "pam", "su"]);
    assert!(refused.failed_with(1).contains("not a regular file"), "{refused}");
    host.root_sh("mv /root/su /etc/pam.d/su && chmod 0666 /etc/pam.d/su").ok();
    let refused = host.root(&["writ", "enable", "pam", "su"]);
    assert!(
        refused.failed_with(1).contains("must be root's and not writable by others"),
        "{refused}"
    );
    host.root(&["chmod", "0644", "/etc/pam.d/su"]).ok();
    let stranger = host.as_user("alice", "writ enable pam su");
    assert!(stranger.failed_with(5).contains("only root may do this"), "{stranger}");
    untouched(host);
}

pub(crate) fn nothing_is_enabled_that_would_lock_root_out(host: &Host) {
    closed(host);
    module(host, "pam_deny");
    let refused = host.root(&["writ", "enable", "pam", "su"]);
    let sentence = "with Writ's lines PAM would say \"Authentication failure\" to root at su";
    assert!(refused.failed_with(1).contains(sentence), "{refused}");
    untouched(host);
    // Who may not mount has no stage.
    let refused =
        host.root(&["setpriv", "--bounding-set=-sys_admin", "writ", "enable", "pam", "su"]);
    assert!(refused.failed_with(1).contains("the former file of su is back"), "{refused}");
    untouched(host);
    module(host, "pam_permit");
    host.root_sh(&format!("mv {FOLDER}/pam_writ.so /root")).ok();
    let refused = host.root(&["writ", "enable", "pam", "su"]);
    assert!(refused.failed_with(1).contains("the file is not there"), "{refused}");
    host.root_sh(&format!("mv /root/pam_writ.so {FOLDER} && chmod 0666 {FOLDER}/pam_writ.so")).ok();
    let refused = host.root(&["writ", "enable", "pam", "su"]);
    assert!(refused.failed_with(1).contains("whoever writes it is root"), "{refused}");
    module(host, "pam_permit");
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
    let refused = host.root(&["writ", "enable", "pam", "su"]);
    assert!(refused.failed_with(6).contains("Writ's agent cannot be reached"), "{refused}");
    untouched(host);
    host.root(&["systemctl", "start", "writd.socket"]).ok();
}

pub(crate) fn a_module_that_hangs_or_crashes_is_met_by_nobody(host: &Host) {
    closed(host);
    // Half of a module: whoever loads it dies.
    host.root_sh(&format!(
        "cd {FOLDER} && truncate --size=$(($(stat -c %s pam_writ.so) / 2)) pam_writ.so"
    ))
    .ok();
    let refused = host.root(&["writ", "enable", "pam", "su"]);
    assert!(refused.failed_with(1).contains("nothing was changed"), "{refused}");
    untouched(host);
    module(host, "pam_permit");
    // A stack that hangs by itself is not made worse.
    host.root_sh("sed -i '1i account required pam_exec.so quiet /bin/sleep 600' /etc/pam.d/su")
        .ok();
    let refused = host.root(&["writ", "enable", "pam", "su"]);
    assert!(refused.failed_with(1).contains("nothing within 20 s"), "{refused}");
    assert!(!host.read("/etc/pam.d/su").contains("pam_writ"));
    assert_eq!(host.root_sh("pgrep -x writ-pam").stdout, "", "nothing is left behind");
    host.root_sh("pkill -f '^/bin/sleep 600'; sed -i 1d /etc/pam.d/su").ok();
}
