//! `writ.toml`.

use crate::{assert_refused, taken};
use writ_engine::policy::{Mode, Unmatched};
use writ_engine::time::Span;

#[test]
fn the_settings_of_the_host_are_taken() {
    let loaded = taken(&[(
        "writ.toml",
        "mode = \"enforce\"\ntags = [\"prod\", \"web\"]\nunmatched = \"deny\"\n[noninteractive]\nwait = \"3s\"\n",
    )]);
    let settings = loaded.policy.settings();
    assert_eq!(settings.mode, Mode::Enforce);
    assert_eq!(settings.unmatched, Unmatched::Deny);
    assert_eq!(settings.unattended_wait, Span::from_secs(3));
    assert_eq!(settings.host.name, "web-1");
    assert!(settings.host.tags.iter().eq(["prod", "web"]));
}

#[test]
fn a_misspelt_key_is_told_with_the_one_that_was_meant() {
    assert_refused(
        &[("writ.toml", "mod = \"observe\"\n")],
        r#"
error: unknown key `mod` in this file
 --> writ.toml:1:1
  |
1 | mod = "observe"
  | ^^^
  = help: did you mean `mode`?
"#,
    );
    assert_refused(
        &[("writ.toml", "[ask]\njustificaton = \"off\"\n")],
        r#"
error: unknown key `justificaton` in [ask]
 --> writ.toml:2:1
  |
2 | justificaton = "off"
  | ^^^^^^^^^^^^
  = help: did you mean `justification`?
"#,
    );
    assert_refused(
        &[("writ.toml", "[noninteractive]\nseconds = 8\n")],
        r#"
error: unknown key `seconds` in [noninteractive]
 --> writ.toml:2:1
  |
2 | seconds = 8
  | ^^^^^^^
  = help: the keys here are `wait`
"#,
    );
}

#[test]
fn a_wrong_type_is_told_with_the_right_one() {
    assert_refused(
        &[("writ.toml", "mode = true\ntags = \"web\"\nask = []\nnoninteractive = { wait = 8 }\n")],
        r#"
error: `mode` must be a text in quotes, not true or false
 --> writ.toml:1:8
  |
1 | mode = true
  |        ^^^^

error: `tags` must be a list of texts in [ ], not a text
 --> writ.toml:2:8
  |
2 | tags = "web"
  |        ^^^^^

error: `ask` must be a table, not a list
 --> writ.toml:3:7
  |
3 | ask = []
  |       ^^

error: `wait` must be a text in quotes, not a whole number
 --> writ.toml:4:27
  |
4 | noninteractive = { wait = 8 }
  |                           ^
"#,
    );
    assert_refused(
        &[("writ.toml", "tags = [1]\n")],
        r#"
error: an item of `tags` must be a text in quotes, not a whole number
 --> writ.toml:1:9
  |
1 | tags = [1]
  |         ^
"#,
    );
}

#[test]
fn a_word_that_a_key_does_not_know_is_told_with_those_it_does() {
    assert_refused(
        &[("writ.toml", "mode = \"enforced\"\nunmatched = \"block\"\n")],
        r#"
error: `mode` cannot be "enforced"
 --> writ.toml:1:8
  |
1 | mode = "enforced"
  |        ^^^^^^^^^^
  = help: did you mean `enforce`?

error: `unmatched` cannot be "block"
 --> writ.toml:2:13
  |
2 | unmatched = "block"
  |             ^^^^^^^
  = help: it can be `deny`, `ask`, `pass`
"#,
    );
}

#[test]
fn a_wrong_length_of_time_is_told_with_how_to_write_one() {
    assert_refused(
        &[("writ.toml", "[noninteractive]\nwait = \"8 seconds\"\n")],
        r#"
error: "8 seconds" is not a length of time such as `90s`, `5m`, `1h30m` or `2d`
 --> writ.toml:2:8
  |
2 | wait = "8 seconds"
  |        ^^^^^^^^^^^
"#,
    );
    assert_refused(
        &[("writ.toml", "[noninteractive]\nwait = \"0s\"\n")],
        r#"
error: "0s" must be longer than nothing
 --> writ.toml:2:8
  |
2 | wait = "0s"
  |        ^^^^
"#,
    );
    assert_refused(
        &[("writ.toml", "[ask]\ntimeout = \"31d\"\n")],
        r#"
error: "31d" must be 30 days at most
 --> writ.toml:2:11
  |
2 | timeout = "31d"
  |           ^^^^^
"#,
    );
}

#[test]
fn a_tag_that_cannot_be_named_is_refused() {
    assert_refused(
        &[("writ.toml", "tags = [\"pro d\", \"\"]\n")],
        r#"
error: "pro d" cannot have ' ' in it
 --> writ.toml:1:9
  |
1 | tags = ["pro d", ""]
  |         ^^^^^^^

error: "" names nothing
 --> writ.toml:1:18
  |
1 | tags = ["pro d", ""]
  |                  ^^
"#,
    );
}

#[test]
fn those_who_may_break_glass_are_kept() {
    let text = "[break_glass]\nfrom = [\"%writ-breakglass\", \"erin\"]\n";
    let loaded = taken(&[("writ.toml", text)]);
    let named = &loaded.policy.settings().break_glass;
    let names: Vec<String> = named.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["%writ-breakglass", "erin"]);
    assert_eq!(loaded.warnings, []);
    assert_refused(
        &[("writ.toml", "[break_glass]\n")],
        r#"
error: [break_glass] has no `from`
 --> writ.toml:1:1
  |
1 | [break_glass]
  | ^^^^^^^^^^^^^
  = help: add a line such as `from = ["%writ-breakglass"]`
"#,
    );
}

#[test]
fn how_long_before_an_end_people_are_warned_is_said_in_the_host_s_file() {
    let loaded = taken(&[("writ.toml", "[sessions]\nwarn = [\"10m\", \"5s\"]\n")]);
    assert_eq!(loaded.policy.settings().warn, [Span::from_secs(600), Span::from_secs(5)]);
    let loaded = taken(&[("writ.toml", "[sessions]\nwarn = []\n")]);
    assert_eq!(loaded.policy.settings().warn, []);
}

#[test]
fn a_warning_that_is_none_is_refused_with_its_place() {
    assert_refused(
        &[("writ.toml", "[sessions]\nwarn = [\"2m\", \"soon\"]\n")],
        r#"
error: "soon" is not a length of time such as `90s`, `5m`, `1h30m` or `2d`
 --> writ.toml:2:15
  |
2 | warn = ["2m", "soon"]
  |               ^^^^^^
"#,
    );
    assert_refused(
        &[(
            "writ.toml",
            "[sessions]\nwarn = [\"1s\", \"2s\", \"3s\", \"4s\", \"5s\", \"6s\", \"7s\", \"8s\", \"9s\"]\n",
        )],
        r#"
error: this list may have 8 items at most
 --> writ.toml:2:8
  |
2 | warn = ["1s", "2s", "3s", "4s", "5s", "6s", "7s", "8s", "9s"]
  |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"#,
    );
}
