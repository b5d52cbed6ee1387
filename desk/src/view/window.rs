//! A window of a role, as what it is.

use std::collections::BTreeSet;

use writ_engine::facts::{OnEnd, Window};
use writ_policy::{Capability, action_power};
use writ_protocol::answers;
use writ_protocol::text::shown;

use crate::sheet::Sheet;

/// A window of a question or a record in the form that it is listed in.
pub fn of(window: &Window) -> answers::Window {
    answers::Window {
        role: window.role.clone(),
        groups: window.groups.keys().cloned().collect(),
        actions: window.actions.keys().cloned().collect(),
        capabilities: window.capabilities.iter().cloned().collect(),
        root_equivalent: window.root_equivalent.iter().cloned().collect(),
    }
}

/// The role as a whole, in brackets as no command is: its own would be quoted.
pub fn line(role: &str) -> String {
    format!("(role {})", shown(role))
}

/// The role as a whole, where a label says that it is one.
pub fn whole(role: &str) -> String {
    format!("{} as a whole", shown(role))
}

/// What it lends, in a list: a paragraph each, the alarming ones last.
pub fn listed(window: &answers::Window) -> Vec<String> {
    let lent: Vec<String> = lent(window).into_iter().collect();
    let lent = (!lent.is_empty()).then(|| format!("lends {}", lent.join("; ")));
    lent.into_iter()
        .chain(dangers(window.capabilities.iter().chain(&window.actions), &window.root_equivalent))
        .collect()
}

/// What it lends, groups, then capabilities, then actions; nothing where it lends nothing.
pub fn lent(window: &answers::Window) -> Vec<String> {
    let groups = groups(window.groups.iter().map(|group| shown(group)));
    let rest = capabilities(&window.capabilities).into_iter().chain(actions(&window.actions));
    groups.into_iter().chain(rest).collect()
}

/// A sentence for each capability or action that is as good as root, by the word of the agent
/// or of this program.
pub fn dangers<'a>(
    capabilities: impl IntoIterator<Item = &'a String>,
    root_equivalent: impl IntoIterator<Item = &'a String>,
) -> Vec<String> {
    let power = |name: &str| {
        Capability::named(name).and_then(Capability::root_power).or_else(|| action_power(name))
    };
    let mut names: BTreeSet<&String> = root_equivalent.into_iter().collect();
    names.extend(capabilities.into_iter().filter(|name| power(name).is_some()));
    names
        .into_iter()
        .map(|name| match power(name) {
            Some(power) => format!("as good as root: {} {power}", shown(name)),
            None => format!("as good as root: {}", shown(name)),
        })
        .collect()
}

/// Everything about it, each group with its number. `requester` is for whom it is.
pub fn lay_out(sheet: &mut Sheet, window: &Window, requester: &str) {
    sheet.strong_field("role", &whole(&window.role));
    sheet.field("passes", "commands that it asks about, where whoever approves this is enough");
    let groups =
        groups(window.groups.iter().map(|(group, gid)| format!("{} ({gid})", shown(group))));
    let rest = capabilities(&window.capabilities).into_iter().chain(actions(window.actions.keys()));
    let lent: Vec<String> = groups.into_iter().chain(rest).collect();
    if lent.is_empty() {
        sheet.field("lends", "nothing");
    }
    for what in lent {
        sheet.strong_field("lends", &what);
    }
    for danger in
        dangers(window.capabilities.iter().chain(window.actions.keys()), &window.root_equivalent)
    {
        sheet.alarming_field("beware", &danger);
    }
    let processes = match window.on_end {
        OnEnd::Terminate => "processes that still hold what was lent are to be warned, then ended",
        OnEnd::Warn => "processes that still hold what was lent are to be warned",
    };
    sheet.field("at end", processes);
    let logout = match window.end_on_logout {
        true => format!("ends it, with the last login session of {}", shown(requester)),
        false => "does not end it".to_owned(),
    };
    sheet.field("log-out", &logout);
}

/// Such as `groups docker, wireshark`, of names that are made safe already.
pub fn groups(names: impl Iterator<Item = String>) -> Option<String> {
    several("group", "groups", names.collect())
}

/// Such as `capability CAP_NET_RAW`.
pub fn capabilities<'a>(names: impl IntoIterator<Item = &'a String>) -> Option<String> {
    several("capability", "capabilities", names.into_iter().map(|name| shown(name)).collect())
}

/// Such as `polkit action org.freedesktop.systemd1.manage-units`.
pub fn actions<'a>(names: impl IntoIterator<Item = &'a String>) -> Option<String> {
    let names = names.into_iter().map(|name| shown(name)).collect();
    several("polkit action", "polkit actions", names)
}

fn several(one: &str, many: &str, names: Vec<String>) -> Option<String> {
    match names.as_slice() {
        [] => None,
        [name] => Some(format!("{one} {name}")),
        names => Some(format!("{many} {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_capability_that_is_as_good_as_root_is_said_to_be() {
        let window = answers::Window {
            role: "repair".to_owned(),
            groups: strings(&["wire\u{1b}[2Jshark", "docker"]),
            actions: strings(&["org.freedesktop.policykit.exec"]),
            capabilities: strings(&["CAP_NET_RAW", "CAP_SYS_ADMIN"]),
            root_equivalent: strings(&["CAP_SYS_ADMIN"]),
        };
        assert_eq!(
            listed(&window),
            [
                "lends groups wire\\e[2Jshark, docker; capabilities CAP_NET_RAW, CAP_SYS_ADMIN; polkit action org.freedesktop.policykit.exec",
                "as good as root: CAP_SYS_ADMIN mounts, traces and does most of what root can do",
                "as good as root: org.freedesktop.policykit.exec runs any program as root",
            ]
        );
    }

    #[test]
    fn neither_an_older_agent_nor_an_older_table_hides_a_danger() {
        let (lent, told) = (strings(&["CAP_BPF", "CAP_NEXT"]), strings(&["CAP_NEXT"]));
        assert_eq!(
            dangers(&lent, &told),
            [
                "as good as root: CAP_BPF loads programs into the kernel",
                "as good as root: CAP_NEXT"
            ]
        );
    }

    #[test]
    fn no_command_can_look_like_a_role() {
        use writ_protocol::text::shown_command;
        assert_eq!(line("web"), "(role web)");
        assert_eq!(shown_command(["(role", "web)"]), "'(role' 'web)'");
    }
}
