//! `[role.NAME]`.

use crate::{assert_refused, assert_warned, taken};
use writ_engine::policy::{HostPattern, Member};

const RULE: &str = "\n[[role.web.rule]]\ncommands = [\"/usr/bin/true\"]\ndecision = \"allow\"\n";

#[test]
fn a_role_is_taken() {
    let loaded = taken(&[(
        "roles.d/web.toml",
        &format!(
            "[role.web]\ndescription = \"Looks after the web\"\nmembers = [\"alice\", \"%developers\"]\nhosts = [\"WEB-*\", \"tag:web\"]\n{RULE}"
        ),
    )]);
    let role = &loaded.policy.settings().roles[0];
    assert_eq!(role.name, "web");
    assert_eq!(role.description.as_deref(), Some("Looks after the web"));
    assert_eq!(role.members, [Member::User("alice".into()), Member::Group("developers".into())]);
    assert_eq!(role.hosts, [HostPattern::Name("web-*".into()), HostPattern::Tag("web".into())]);
    assert_eq!(role.rules[0].name, "#1");
    assert_eq!(loaded.warnings, []);
}

#[test]
fn a_role_of_no_members_or_no_use_is_warned_of() {
    assert_warned(
        &[("roles.d/web.toml", "[role.web]\nmembers = []\n")],
        r#"
warning: nobody is a member of the role `web`
 --> roles.d/web.toml:1:7
  |
1 | [role.web]
  |       ^^^
  = help: add people to `members`, or remove the role
warning: the role `web` has no rules and lends nothing
 --> roles.d/web.toml:1:7
  |
1 | [role.web]
  |       ^^^
  = help: add a [[role.NAME.rule]], or remove the role
"#,
    );
}

#[test]
fn a_role_without_members_is_refused() {
    assert_refused(
        &[("roles.d/web.toml", &format!("[role.web]{RULE}"))],
        r#"
error: [role.web] has no `members`
 --> roles.d/web.toml:1:7
  |
1 | [role.web]
  |       ^^^
  = help: add a line such as `members = ["alice", "%developers"]`
"#,
    );
}

#[test]
fn a_role_with_a_name_of_no_role_is_refused() {
    assert_refused(
        &[("roles.d/web.toml", "[role.'web operator']\nmembers = [\"alice\"]\n")],
        r#"
error: "web operator" cannot have ' ' in it
 --> roles.d/web.toml:1:7
  |
1 | [role.'web operator']
  |       ^^^^^^^^^^^^^^
"#,
    );
    assert_refused(
        &[("roles.d/web.toml", "role.web = \"x\"\n")],
        r#"
error: [role.web] must be a table, not a text
 --> roles.d/web.toml:1:6
  |
1 | role.web = "x"
  |      ^^^
"#,
    );
    assert_refused(
        &[("roles.d/web.toml", "[roles.web]\nmembers = [\"alice\"]\n")],
        r#"
error: unknown key `roles` in this file
 --> roles.d/web.toml:1:2
  |
1 | [roles.web]
  |  ^^^^^
  = help: did you mean `role`?
"#,
    );
}

#[test]
fn a_role_that_is_there_twice_is_refused_with_both_places() {
    assert_refused(
        &[
            ("roles.d/a.toml", "# first\n[role.web]\nmembers = [\"alice\"]\n"),
            ("roles.d/b.toml", "[role.web]\nmembers = [\"carol\"]\n"),
        ],
        r#"
error: there is a role `web` already
 --> roles.d/b.toml:1:7
  |
1 | [role.web]
  |       ^^^
  = help: the first is at roles.d/a.toml:2; rename one or make them one
"#,
    );
}

#[test]
fn members_who_cannot_be_are_refused() {
    assert_refused(
        &[(
            "roles.d/web.toml",
            &format!("[role.web]\nmembers = [\"@oncall\", \"ALL\", \"a:b\"]{RULE}"),
        )],
        r#"
error: "@oncall" is a team of approvers; a role is given to users such as "alice" or groups of the host such as "%developers"
 --> roles.d/web.toml:2:12
  |
2 | members = ["@oncall", "ALL", "a:b"]
  |            ^^^^^^^^^

error: `ALL` names nobody here
 --> roles.d/web.toml:2:23
  |
2 | members = ["@oncall", "ALL", "a:b"]
  |                       ^^^^^
  = help: name users such as "alice", or a group such as "%sudo"

error: "a:b" is no name; names have no white space, no control characters and none of / : , ; " '
 --> roles.d/web.toml:2:30
  |
2 | members = ["@oncall", "ALL", "a:b"]
  |                              ^^^^^
"#,
    );
}

#[test]
fn hosts_that_cannot_be_are_refused() {
    assert_refused(
        &[(
            "roles.d/web.toml",
            &format!(
                "[role.web]\nmembers = [\"alice\"]\nhosts = [\"web-[12]\", \"tag:\", \"ALL\"]{RULE}"
            ),
        )],
        r#"
error: "web-[12]" cannot have '[' in it
 --> roles.d/web.toml:3:10
  |
3 | hosts = ["web-[12]", "tag:", "ALL"]
  |          ^^^^^^^^^^

error: "tag:" names nothing
 --> roles.d/web.toml:3:22
  |
3 | hosts = ["web-[12]", "tag:", "ALL"]
  |                      ^^^^^^

error: "ALL" is a word of sudoers and means nothing here
 --> roles.d/web.toml:3:30
  |
3 | hosts = ["web-[12]", "tag:", "ALL"]
  |                              ^^^^^
  = help: leave the key out to mean all of them
"#,
    );
    assert_refused(
        &[("roles.d/web.toml", &format!("[role.web]\nmembers = [\"alice\"]\nhosts = []{RULE}"))],
        r#"
error: `hosts` is empty
 --> roles.d/web.toml:3:9
  |
3 | hosts = []
  |         ^^
  = help: put at least one into the list
"#,
    );
}
