//! `[[role.NAME.rule]]`.

use crate::{assert_refused, taken};
use writ_engine::policy::{Decision, RunAsFilter};

fn role(rules: &str) -> String {
    format!("[role.r]\nmembers = [\"alice\"]\n{rules}")
}

#[test]
fn rules_are_taken_in_their_order() {
    let text = role(
        "[[role.r.rule]]
commands = [\"/usr/bin/journalctl **\", \"sudoedit /etc/hosts\"]
decision = \"allow\"
[[role.r.rule]]
name = \"root shell\"
commands = [\"ALL\"]
run_as = [\"root\", \"#33\"]
run_as_groups = [\"adm\"]
decision = \"deny\"
allow_writable = true
",
    );
    let loaded = taken(&[("roles.d/r.toml", &text)]);
    let [first, second] = &loaded.policy.settings().roles[0].rules[..] else { panic!() };
    assert_eq!((first.name.as_str(), &first.decision), ("#1", &Decision::Allow));
    assert_eq!(first.commands[1].source(), "sudoedit /etc/hosts");
    assert_eq!(first.run_as, RunAsFilter::Any);
    assert!(!first.allow_writable);
    assert_eq!((second.name.as_str(), &second.decision), ("root shell", &Decision::Deny));
    assert!(second.allow_writable);
    let only = RunAsFilter::Only {
        users: ["#33".into(), "root".into()].into(),
        groups: ["adm".into()].into(),
    };
    assert_eq!(second.run_as, only);
}

#[test]
fn a_rule_says_which_commands_and_what_of_them() {
    assert_refused(
        &[("roles.d/r.toml", &role("[[role.r.rule]]\nname = \"x\"\n"))],
        r#"
error: [[role.r.rule]] has no `commands`
 --> roles.d/r.toml:3:1
  |
3 | [[role.r.rule]]
  | ^^^^^^^^^^^^^^^
  = help: add a line such as `commands = ["/usr/bin/systemctl status *"]`

error: [[role.r.rule]] has no `decision`
 --> roles.d/r.toml:3:1
  |
3 | [[role.r.rule]]
  | ^^^^^^^^^^^^^^^
  = help: add a line such as `decision = "ask"`
"#,
    );
    assert_refused(
        &[("roles.d/r.toml", &role("[[role.r.rule]]\ncommands = []\ndecision = \"maybe\"\n"))],
        r#"
error: `commands` is empty
 --> roles.d/r.toml:4:12
  |
4 | commands = []
  |            ^^
  = help: put at least one into the list

error: `decision` cannot be "maybe"
 --> roles.d/r.toml:5:12
  |
5 | decision = "maybe"
  |            ^^^^^^^
  = help: it can be `allow`, `ask`, `deny`
"#,
    );
}

#[test]
fn a_misspelt_key_of_a_rule_is_told_with_the_one_that_was_meant() {
    assert_refused(
        &[("roles.d/r.toml", &role("[[role.r.rule]]\ncomands = [\"ALL\"]\ndecision = \"deny\"\n"))],
        r#"
error: unknown key `comands` in [[role.r.rule]]
 --> roles.d/r.toml:4:1
  |
4 | comands = ["ALL"]
  | ^^^^^^^
  = help: did you mean `commands`?
"#,
    );
}

#[test]
fn a_bad_pattern_is_told_with_the_place_in_it() {
    assert_refused(
        &[(
            "roles.d/r.toml",
            &role(
                "[[role.r.rule]]\ndecision = \"deny\"\ncommands = [\n  \"systemctl *\",\n  '/bin/cat /var/log/[ab]',\n  \"/bin/cat \\u002A* x\",\n]\n",
            ),
        )],
        r#"
error: "systemctl" is no absolute path; a command is the path that sudo resolves, such as "/usr/bin/systemctl", or "sudoedit" and files, or "ALL" alone
 --> roles.d/r.toml:6:4
  |
6 |   "systemctl *",
  |    ^

error: sets such as [a-z] are not supported; write * or ?, or \[ for the bracket itself
 --> roles.d/r.toml:7:22
  |
7 |   '/bin/cat /var/log/[ab]',
  |                      ^

error: ** stands only at the end; for exactly one argument write *
 --> roles.d/r.toml:8:3
  |
8 |   "/bin/cat \u002A* x",
  |   ^^^^^^^^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn a_rule_that_is_there_twice_is_refused_with_both_places() {
    let rule = "[[role.r.rule]]\nname = \"x\"\ncommands = [\"ALL\"]\ndecision = \"deny\"\n";
    assert_refused(
        &[("roles.d/r.toml", &role(&rule.repeat(2)))],
        r#"
error: there is a rule `x` already
 --> roles.d/r.toml:8:8
  |
8 | name = "x"
  |        ^^^
  = help: the first is at roles.d/r.toml:4; rename one or make them one
"#,
    );
}

#[test]
fn a_rule_under_single_brackets_is_told_of_the_double_ones() {
    let rule = "[role.r.rule]\ncommands = [\"ALL\"]\ndecision = \"deny\"\n";
    assert_refused(
        &[("roles.d/r.toml", &role(rule))],
        r#"
error: `rule` must be a list of tables, each under double brackets [[ ]], not a table
 --> roles.d/r.toml:3:1
  |
3 | [role.r.rule]
  | ^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn users_to_run_as_that_cannot_be_are_refused() {
    assert_refused(
        &[(
            "roles.d/r.toml",
            &role(
                "[[role.r.rule]]\ncommands = [\"ALL\"]\ndecision = \"deny\"\nrun_as = [\"ALL\", \"%adm\", \"#x\"]\n",
            ),
        )],
        r##"
error: "ALL" is a word of sudoers and means nothing here
 --> roles.d/r.toml:6:11
  |
6 | run_as = ["ALL", "%adm", "#x"]
  |           ^^^^^
  = help: leave the key out to mean all of them

error: "%adm" cannot have '%' in it
 --> roles.d/r.toml:6:18
  |
6 | run_as = ["ALL", "%adm", "#x"]
  |                  ^^^^^^

error: "#x" cannot have '#' in it
 --> roles.d/r.toml:6:26
  |
6 | run_as = ["ALL", "%adm", "#x"]
  |                          ^^^^
"##,
    );
    assert_refused(
        &[(
            "roles.d/r.toml",
            &role(
                "[[role.r.rule]]\ncommands = [\"ALL\"]\ndecision = \"deny\"\nrun_as_groups = [\"adm\"]\n",
            ),
        )],
        r#"
error: `run_as_groups` stands without `run_as`
 --> roles.d/r.toml:6:17
  |
6 | run_as_groups = ["adm"]
  |                 ^^^^^^^
  = help: name the users that go with these groups in `run_as`, or take it out
"#,
    );
}

#[test]
fn an_ask_beside_another_decision_is_refused() {
    assert_refused(
        &[(
            "roles.d/r.toml",
            &role(
                "[[role.r.rule]]\ncommands = [\"ALL\"]\ndecision = \"allow\"\nask = { from = [\"bob\"] }\n",
            ),
        )],
        r#"
error: `ask` stands beside a decision that does not ask
 --> roles.d/r.toml:6:7
  |
6 | ask = { from = ["bob"] }
  |       ^^^^^^^^^^^^^^^^^^
  = help: write `decision = "ask"`, or take `ask` out
"#,
    );
}

#[test]
fn a_rule_may_name_services_in_the_place_of_commands() {
    let text = role(
        "[[role.r.rule]]
services = [\"su\", \"sshd\"]
run_as = [\"root\"]
decision = \"allow\"
",
    );
    let loaded = taken(&[("roles.d/r.toml", &text)]);
    let [rule] = &loaded.policy.settings().roles[0].rules[..] else { panic!() };
    assert_eq!(rule.services, ["sshd".into(), "su".into()].into());
    assert!(rule.commands.is_empty());
    assert!(loaded.policy.names_service("su-l") && !loaded.policy.names_service("login"));
}

#[test]
fn services_are_names_that_pam_knows_and_do_not_stand_beside_commands() {
    let text = role(
        "[[role.r.rule]]
services = [\"../su\", \"SSHD\", \"sudo\"]
commands = [\"ALL\"]
decision = \"allow\"
",
    );
    let files = [("roles.d/r.toml", text.as_str())];
    let refusal = crate::read(&files).expect_err("this must be refused");
    let words = refusal.render(writ_policy::Colour::Plain);
    for part in [
        "\"../su\"",
        "\"SSHD\"",
        "`sudo` runs single commands",
        "a rule has either `commands` or `services`",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

#[test]
fn a_rule_is_pinned_to_one_file_or_to_several() {
    let digest = "9F86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let other = "0".repeat(64);
    for (value, pins) in [
        (format!("\"{digest}\""), vec![digest.to_ascii_lowercase()]),
        (format!("[\"{digest}\", \"{other}\"]"), vec![digest.to_ascii_lowercase(), other.clone()]),
    ] {
        let text = role(&format!(
            "[[role.r.rule]]\ncommands = [\"/bin/a *\"]\ndecision = \"allow\"\nsha256 = {value}\n"
        ));
        let loaded = taken(&[("roles.d/r.toml", &text)]);
        let rule = &loaded.policy.settings().roles[0].rules[0];
        assert_eq!(rule.limits.as_ref().unwrap().sha256, pins);
        assert!(loaded.policy.has_pins());
    }
}

#[test]
fn a_pin_on_what_is_not_one_program_is_refused() {
    let pin = "0".repeat(64);
    let text = role(&format!(
        "[[role.r.rule]]
commands = [\"/bin/a\", \"/opt/*/a\", \"sudoedit /etc/hosts\", \"ALL\"]
decision = \"allow\"
sha256 = \"{pin}\"
[[role.r.rule]]
services = [\"su\"]
decision = \"allow\"
sha256 = \"{pin}\"
[[role.r.rule]]
commands = [\"/bin/b\"]
decision = \"allow\"
sha256 = [\"sha256:00\", \"{}\"]
",
        "g".repeat(64)
    ));
    let refused = crate::read(&[("roles.d/r.toml", &text)]).unwrap_err().to_string();
    let told: Vec<&str> = refused.lines().collect();
    for (place, sentence) in [
        ("4:23", "`/opt/*/a` is not one program"),
        ("4:35", "`sudoedit /etc/hosts` is not one program"),
        ("4:58", "`ALL` is not one program"),
        ("10:10", "`sha256` stands in a rule without commands"),
        ("14:11", "\"sha256:00\" is no SHA-256; write the 64 hexadecimal digits"),
        ("14:24", "gggg\" is no SHA-256"),
    ] {
        let told = told.iter().any(|line| line.contains(place) && line.contains(sentence));
        assert!(told, "{place} {sentence}: {refused}");
    }
    assert_eq!(told.len(), 6, "{refused}");
}

#[test]
fn an_empty_list_of_pins_is_refused_and_so_is_a_long_one() {
    for (value, why) in [
        ("[]".to_owned(), "is empty"),
        (
            format!("[{}]", vec![format!("\"{}\"", "0".repeat(64)); 65].join(", ")),
            "64 items at most",
        ),
        ("7".to_owned(), "must be"),
    ] {
        let text = role(&format!(
            "[[role.r.rule]]\ncommands = [\"/bin/a\"]\ndecision = \"allow\"\nsha256 = {value}\n"
        ));
        let refused = crate::read(&[("roles.d/r.toml", &text)]).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}
