//! Whether groups can be lent: the C library must ask systemd's user databases for
//! them (nss-systemd(8)).

use std::fs;
use std::io;

use writ_engine::policy::WindowTerms;

use super::Diagnosis;
use super::nsswitch::Line;
use crate::host::Host;
use crate::verbs::check;

const NSSWITCH: &str = "/etc/nsswitch.conf";

/// Where distributions have the C library's modules: beside it, or in a folder of
/// the architecture's below.
const LIBRARIES: [&str; 4] = ["/usr/lib64", "/usr/lib", "/lib64", "/lib"];

/// What lets the C library ask.
const MODULE: &str = "libnss_systemd.so.2";

/// Where the agent's socket is while it lends.
const SOCKET_FOLDER: &str = "/run/systemd/userdb";

/// Where nscd(8) answers, which remembers what it was told.
const CACHE_SOCKET: &str = "/run/nscd/socket";

const LISTING: &str = "Lent groups work; `getent group NAME` does not list who is lent NAME, as";

/// What lets polkit see what is lent.
const POLKIT_RULE: &str = "/usr/share/polkit-1/rules.d/49-writ.rules";

/// Something that keeps groups from being lent, and what to do about it.
struct Hindrance {
    what: String,
    remedy: String,
}

pub(super) fn look(host: &Host, diagnosis: &mut Diagnosis) {
    look_at_polkit(host, diagnosis);
    let nsswitch = match fs::read(host.path(NSSWITCH)) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return diagnosis.unreadable(NSSWITCH, &error),
    };
    let hindrances = hindrances(host, &nsswitch);
    let lends = a_role_lends(host);
    if lends == Some(false) {
        for Hindrance { what, remedy } in hindrances {
            diagnosis.note(format!(
                "No role lends groups; they could not be lent: {what}. To be able to: {remedy}."
            ));
        }
        return;
    }
    let groups = Line::of_groups(&nsswitch);
    if lends == Some(true) && hindrances.is_empty() && !groups.lists_members() {
        diagnosis.note(format!("{LISTING} it would with `{}` in {NSSWITCH}.", groups.mended()));
    }
    for Hindrance { what, remedy } in hindrances {
        diagnosis.find(format!("groups cannot be lent: {what}"), remedy);
    }
}

/// Without the rule, polkit takes no notice of what is lent.
fn look_at_polkit(host: &Host, diagnosis: &mut Diagnosis) {
    let lends = |window: &WindowTerms| !window.actions.is_empty();
    if !any_window(host, lends).unwrap_or(false) {
        return;
    }
    match fs::metadata(host.path(POLKIT_RULE)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => diagnosis.find(
            format!(
                "{POLKIT_RULE} is not there, so that no action of polkit's passes in any window"
            ),
            "install the packages `writ` and `polkitd` again, or take `actions` out of the roles",
        ),
        Err(error) => diagnosis.unreadable(POLKIT_RULE, &error),
    }
}

/// Whether any role lends a group on this host, or an action, which is lent as one;
/// `None` where that cannot be told.
fn a_role_lends(host: &Host) -> Option<bool> {
    any_window(host, |window| !window.groups.is_empty() || !window.actions.is_empty())
}

fn any_window(host: &Host, wanted: impl FnMut(&WindowTerms) -> bool) -> Option<bool> {
    let loaded = check::load(host, None, None).ok()?.ok()?;
    let mut windows = loaded.policy.settings().roles.iter().filter_map(|role| role.window.as_ref());
    Some(windows.any(wanted))
}

fn hindrances(host: &Host, nsswitch: &str) -> Vec<Hindrance> {
    let mut found = Vec::new();
    let mut find = |what: String, remedy: String| found.push(Hindrance { what, remedy });
    let memberships = Line::of_memberships(nsswitch);
    if let Some(why) = memberships.hindrance() {
        let remedy = format!("write `{}` in {NSSWITCH} in its place", memberships.mended());
        find(format!("in {NSSWITCH} the line {why}"), remedy);
    }
    if !has_module(host) {
        find(
            format!("the C library has no {MODULE} to ask systemd with"),
            "install it (Debian's package libnss-systemd)".to_owned(),
        );
    }
    if !host.path(SOCKET_FOLDER).is_dir() {
        find(
            format!("there is no {SOCKET_FOLDER}: this systemd has no user databases"),
            "use a systemd that is built with them".to_owned(),
        );
    }
    if host.path(CACHE_SOCKET).exists() {
        find(
            "nscd remembers groups, also when they are no longer lent".to_owned(),
            "write `enable-cache group no` in /etc/nscd.conf, then `systemctl restart nscd writd`"
                .to_owned(),
        );
    }
    found
}

fn has_module(host: &Host) -> bool {
    LIBRARIES.iter().map(|folder| host.path(folder)).any(|folder| {
        let below = fs::read_dir(&folder).into_iter().flatten().flatten();
        folder.join(MODULE).exists()
            || below.into_iter().any(|entry| entry.path().join(MODULE).exists())
    })
}
