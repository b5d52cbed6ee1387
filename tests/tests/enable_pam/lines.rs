//! The lines themselves.

use writ_tests::Host;

use crate::state::{closed, module, su_works, untouched};

pub(crate) fn lines_come_once_and_go_without_a_trace(host: &Host) {
    closed(host);
    let services = ["su", "sshd", "login", "sudo", "doas"];
    for service in services {
        let done = host.root(&["writ", "enable", "pam", service]);
        assert!(done.ok().contains(&format!("{service} now asks Writ")), "{done}");
        let file = host.read(&format!("/etc/pam.d/{service}"));
        let place = |word: &str| file.find(word).unwrap_or_else(|| panic!("{word}: {file}"));
        assert!(place("account\t[success=1") < place("@include common-account"), "{file}");
        assert!(place("session\t[success=1") < place("@include common-session"), "{file}");
        let again = host.root(&["writ", "enable", "pam", service]);
        assert!(again.ok().contains("nothing was changed"), "{again}");
        assert_eq!(host.read(&format!("/etc/pam.d/{service}")), file);
    }
    assert!(su_works(host, ""));
    host.as_user("alice", "true").ok();
    host.root(&["writ", "disable", "pam", "su"]).ok();
    let doctor = host.root(&["writ", "doctor"]);
    assert!(
        doctor.stdout.contains("These services of PAM ask Writ: doas, login, sshd, sudo."),
        "{doctor}"
    );
    host.root(&["writ", "disable", "pam"]).ok();
    untouched(host);
    let again = host.root(&["writ", "disable", "pam"]);
    assert!(again.ok().contains("nothing was changed"), "{again}");
}

pub(crate) fn a_file_keeps_its_owner_mode_and_attributes(host: &Host) {
    closed(host);
    host.root_sh("chmod 0640 /etc/pam.d/su && chgrp adm /etc/pam.d/su").ok();
    // Not every file system of a host takes one.
    let set = "import os; os.setxattr('/etc/pam.d/su', 'user.kept', b'yes')";
    let has_attributes = host.root(&["python3", "-c", set]).status == 0;
    host.root_sh("writ enable pam su && writ disable pam su && writ enable pam su").ok();
    assert_eq!(host.root(&["stat", "-c", "%U:%G %a", "/etc/pam.d/su"]).ok(), "root:adm 640");
    if has_attributes {
        let get = "import os; print(os.getxattr('/etc/pam.d/su', 'user.kept'))";
        assert_eq!(host.root(&["python3", "-c", get]).ok(), "b'yes'");
    }
    assert_eq!(host.root_sh("ls /etc/pam.d | grep writ-").stdout, "", "nothing is left beside it");
}

pub(crate) fn a_file_of_the_vendors_is_copied_and_its_copy_goes_again(host: &Host) {
    closed(host);
    host.root(&["writ", "enable", "pam", "polkit-1"]).ok();
    let copy = host.read("/etc/pam.d/polkit-1");
    assert!(copy.starts_with("# writ: a copy of /usr/lib/pam.d/polkit-1, sha256 "), "{copy}");
    assert!(copy.contains("pam_deny.so # writ"), "{copy}");
    host.root(&["writ", "disable", "pam", "polkit-1"]).ok();
    untouched(host);
    // What the admin wrote into it meanwhile stays.
    host.root_sh(
        "writ enable pam polkit-1 && echo '# ours' >>/etc/pam.d/polkit-1 && writ disable pam",
    )
    .ok();
    assert!(host.read("/etc/pam.d/polkit-1").ends_with("# ours\n"));
}

pub(crate) fn who_asks_is_refused_by_the_module(host: &Host) {
    closed(host);
    assert!(su_works(host, ""));
    host.root(&["writ", "enable", "pam", "su"]).ok();
    assert!(su_works(host, ""));
    module(host, "pam_deny");
    assert!(!su_works(host, ""));
    // A line of somebody else's cannot be reached first, nor passed over.
    host.root(&["writ", "disable", "pam"]).ok();
    module(host, "pam_permit");
    host.root_sh(
        "sed -i '1i account sufficient pam_permit.so' /etc/pam.d/su && writ enable pam su",
    )
    .ok();
    module(host, "pam_deny");
    assert!(!su_works(host, ""));
}
