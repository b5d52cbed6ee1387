//! The window of a role, and what it lends.

use crate::{assert_refused, taken};
use writ_engine::facts::OnEnd;
use writ_engine::policy::{Decision, WindowTerms};
use writ_engine::time::Span;
use writ_policy::Loaded;

const CAPTURE: &str = "[role.capture]
members = [\"%netops\"]
capabilities = [\"CAP_NET_RAW\", \"net_admin\"]
groups = [\"wireshark\"]
decision = \"ask\"
ask = { from = [\"bob\"] }
max_duration = \"30m\"
on_end = \"warn\"
end_on_logout = true
";

/// The window of the one role.
fn window_of(loaded: &Loaded) -> Option<&WindowTerms> {
    loaded.policy.settings().roles[0].window.as_ref()
}

#[test]
fn what_a_role_lends_is_kept() {
    let loaded = taken(&[("roles.d/capture.toml", CAPTURE)]);
    let window = window_of(&loaded).unwrap();
    assert!(window.groups.iter().eq(["wireshark"]));
    assert!(window.capabilities.iter().eq(["CAP_NET_ADMIN", "CAP_NET_RAW"]));
    assert!(window.root_equivalent.is_empty());
    assert_eq!(window.max_duration, Span::from_secs(1800));
    assert_eq!((window.on_end, window.end_on_logout), (OnEnd::Warn, true));
    let Decision::Ask(ask) = &window.decision else { panic!("{:?}", window.decision) };
    assert_eq!(ask.max_duration, Span::from_secs(1800));
    assert_eq!(loaded.warnings, []);
}

#[test]
fn a_window_lasts_as_long_as_its_role_says_though_others_are_asked_for_less() {
    let role = "[role.a]\nmembers = [\"alice\"]\ngroups = [\"adm\"]\nmax_duration = \"2h\"\n";
    let ask = "[ask]\nfrom = [\"bob\"]\nmax_duration = \"1h\"\n";
    let loaded = taken(&[("writ.toml", ask), ("roles.d/a.toml", role)]);
    let window = window_of(&loaded).unwrap();
    let Decision::Ask(ask) = &window.decision else { panic!("{:?}", window.decision) };
    assert_eq!(
        (window.max_duration, ask.max_duration),
        (Span::from_secs(7200), Span::from_secs(7200))
    );
}

#[test]
fn what_is_as_good_as_root_is_marked_so() {
    let dangerous = CAPTURE.replace("net_admin\"]", "sys_admin\"]\nallow_dangerous = true");
    let loaded = taken(&[("roles.d/capture.toml", &dangerous)]);
    let window = window_of(&loaded).unwrap();
    assert!(window.capabilities.iter().eq(["CAP_NET_RAW", "CAP_SYS_ADMIN"]));
    assert!(window.root_equivalent.iter().eq(["CAP_SYS_ADMIN"]));
}

#[test]
fn a_role_that_lends_must_know_whom_to_ask() {
    assert_refused(
        &[("roles.d/a.toml", "[role.a]\nmembers = [\"alice\"]\ngroups = [\"adm\"]\n")],
        r#"
error: this asks, and there is nobody to ask
 --> roles.d/a.toml:1:7
  |
1 | [role.a]
  |       ^
  = help: say whom with `from`, in `ask` here, in `ask` of the role or in [ask] of writ.toml
"#,
    );
}

#[test]
fn a_role_that_lends_nothing_need_not() {
    let loaded = taken(&[(
        "roles.d/a.toml",
        "[role.a]\nmembers = [\"alice\"]\n[[role.a.rule]]\ncommands = [\"ALL\"]\ndecision = \"deny\"\n",
    )]);
    assert_eq!(window_of(&loaded), None);
}

#[test]
fn capabilities_that_are_none_or_as_good_as_root_are_refused() {
    let role = |more: &str| {
        format!(
            "[role.a]\nmembers = [\"alice\"]\ndecision = \"allow\"\ncapabilities = [\"CAP_NET_RAV\", \"sys_admin\"]\n{more}"
        )
    };
    assert_refused(
        &[("roles.d/a.toml", &role(""))],
        r#"
error: there is no capability "CAP_NET_RAV"
 --> roles.d/a.toml:4:17
  |
4 | capabilities = ["CAP_NET_RAV", "sys_admin"]
  |                 ^^^^^^^^^^^^^
  = help: did you mean `CAP_NET_RAW`?

error: CAP_SYS_ADMIN is as good as root: whoever holds it mounts, traces and does most of what root can do
 --> roles.d/a.toml:4:32
  |
4 | capabilities = ["CAP_NET_RAV", "sys_admin"]
  |                                ^^^^^^^^^^^
  = help: give a rule for the command that needs it instead, or say `allow_dangerous = true` in the role
"#,
    );
    assert_refused(
        &[("roles.d/a.toml", &role("allow_dangerous = true"))],
        r#"
error: there is no capability "CAP_NET_RAV"
 --> roles.d/a.toml:4:17
  |
4 | capabilities = ["CAP_NET_RAV", "sys_admin"]
  |                 ^^^^^^^^^^^^^
  = help: did you mean `CAP_NET_RAW`?
"#,
    );
}

#[test]
fn groups_and_ends_that_cannot_be_are_refused() {
    assert_refused(
        &[(
            "roles.d/a.toml",
            "[role.a]\nmembers = [\"alice\"]\ndecision = \"allow\"\ngroups = [\"%adm\"]\non_end = \"kill\"\n",
        )],
        r#"
error: "%adm" cannot have '%' in it
 --> roles.d/a.toml:4:11
  |
4 | groups = ["%adm"]
  |           ^^^^^^

error: `on_end` cannot be "kill"
 --> roles.d/a.toml:5:10
  |
5 | on_end = "kill"
  |          ^^^^^^
  = help: it can be `terminate`, `warn`
"#,
    );
}

#[test]
fn actions_are_taken_by_their_names_and_what_is_as_good_as_root_is_marked() {
    let role = |actions: &str| {
        format!("[role.a]\nmembers = [\"alice\"]\nactions = [{actions}]\ndecision = \"allow\"\n")
    };
    let units = "\"org.freedesktop.systemd1.manage-units\", \"org.freedesktop.login1.reboot\"";
    let loaded = taken(&[("roles.d/a.toml", &role(units))]);
    let window = window_of(&loaded).unwrap();
    assert_eq!(window.actions.len(), 2);
    assert!(window.root_equivalent.iter().eq(["org.freedesktop.systemd1.manage-units"]));
    assert_eq!(loaded.warnings, []);
    assert_refused(
        &[("roles.d/a.toml", &role("\"org.*\""))],
        r#"
error: `org.*` is no action of polkit's
 --> roles.d/a.toml:3:12
  |
3 | actions = ["org.*"]
  |            ^^^^^^^
  = help: `pkaction` lists them; one is named by its whole name
"#,
    );
}
