//! `without_agent` of a rule.

use writ_engine::policy::WithoutAgent;

use crate::{assert_refused, read, taken};

fn role(keys: &str, rule: &str) -> String {
    format!("[role.r]\nmembers = [\"alice\"]\n{keys}[[role.r.rule]]\n{rule}\n")
}

#[test]
fn a_rule_that_allows_may_say_that_it_does_without_the_agent_too() {
    for (said, word) in [
        ("", WithoutAgent::Deny),
        ("without_agent = \"deny\"", WithoutAgent::Deny),
        ("without_agent = \"allow\"", WithoutAgent::Allow),
    ] {
        for of in ["commands = [\"/bin/a\"]", "services = [\"su\"]"] {
            let text = role("", &format!("{of}\ndecision = \"allow\"\n{said}"));
            let loaded = taken(&[("roles.d/r.toml", &text)]);
            assert_eq!(loaded.policy.settings().roles[0].rules[0].without_agent, word, "{text}");
        }
    }
}

#[test]
fn it_is_no_way_to_do_what_people_are_asked_about_or_nobody_may() {
    let text = role("", "commands = [\"ALL\"]\ndecision = \"ask\"\nwithout_agent = \"allow\"");
    assert_refused(
        &[("writ.toml", "ask.from = [\"bob\"]"), ("roles.d/r.toml", &text)],
        r#"
error: `without_agent` stands beside a decision that is not "allow"
 --> roles.d/r.toml:6:17
  |
6 | without_agent = "allow"
  |                 ^^^^^^^
  = help: nobody can be asked then: write `decision = "allow"`, or take it out
"#,
    );
    let text = role("", "commands = [\"ALL\"]\ndecision = \"deny\"\nwithout_agent = \"allow\"");
    assert!(read(&[("roles.d/r.toml", &text)]).is_err());
    let text = role("", "commands = [\"ALL\"]\ndecision = \"deny\"\nwithout_agent = \"deny\"");
    assert!(read(&[("roles.d/r.toml", &text)]).is_ok());
}

#[test]
fn it_stands_beside_nothing_that_only_the_agent_can_judge() {
    let pin = format!("sha256 = \"{}\"", "0".repeat(64));
    for (limit, told) in [
        ("when = \"tty\"", "`when` of this rule cannot be judged without the agent"),
        ("hours = \"Mon-Fri 09:00-18:00\"", "`hours` of this rule cannot be"),
        ("not_after = 2099-12-31", "`not_after` of this rule cannot be"),
        (pin.as_str(), "`sha256` of this rule cannot be"),
    ] {
        let rule = |word: &str| {
            format!(
                "commands = [\"/bin/a\"]\ndecision = \"allow\"\nwithout_agent = \"{word}\"\n{limit}"
            )
        };
        let refused =
            read(&[("roles.d/r.toml", &role("", &rule("allow")))]).unwrap_err().to_string();
        assert!(refused.contains(told) && refused.contains(":6:17"), "{refused}");
        assert!(read(&[("roles.d/r.toml", &role("", &rule("deny")))]).is_ok(), "{limit}");
    }
}

#[test]
fn it_stands_in_no_role_that_has_its_times() {
    let rule = "commands = [\"/bin/a\"]\ndecision = \"allow\"\nwithout_agent = \"allow\"";
    for times in ["hours = \"09:00-18:00\"\n", "not_after = 2099-12-31\n"] {
        let refused = read(&[("roles.d/r.toml", &role(times, rule))]).unwrap_err().to_string();
        assert!(refused.contains("of this role cannot be judged without the agent"), "{refused}");
    }
}

#[test]
fn another_word_is_refused_with_those_that_there_are() {
    let text = role("", "commands = [\"/bin/a\"]\ndecision = \"allow\"\nwithout_agent = \"pass\"");
    let refused = read(&[("roles.d/r.toml", &text)]).unwrap_err().to_string();
    assert!(refused.contains("cannot be \"pass\"; it can be `deny`, `allow`"), "{refused}");
}
