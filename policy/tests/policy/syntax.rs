//! Texts that are no TOML, or none that a policy is made of.

use crate::{assert_refused, read};
use proptest::prelude::*;
use writ_policy::{Colour, HostName, SourceFile, parse};

#[test]
fn wrong_syntax_is_told_with_its_place() {
    assert_refused(
        &[("writ.toml", "mode = \"observe\nunmatched = \"pass\"\n")],
        r#"
error: not valid TOML: invalid basic string, expected `"`
 --> writ.toml:1:16
  |
1 | mode = "observe
  |                ^
"#,
    );
    assert_refused(
        &[("roles.d/a.toml", "[role.a]\nmembers = [\"alice\"\n")],
        r#"
error: not valid TOML: unclosed array, expected `]`
 --> roles.d/a.toml:2:19
  |
2 | members = ["alice"
  |                   ^
"#,
    );
    assert_refused(
        &[("writ.toml", "mode = \"observe\"\nmode = \"enforce\"\n")],
        r#"
error: not valid TOML: duplicate key
 --> writ.toml:2:1
  |
2 | mode = "enforce"
  | ^^^^
"#,
    );
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    let files = vec![SourceFile::new("writ.toml", *b"# caf\xe9\nmode = \"observe\"\n")];
    let refusal = parse(files, &HostName::of(b"web-1")).unwrap_err();
    assert_eq!(
        format!("\n{}", refusal.render(Colour::Plain)),
        r#"
error: the file is not UTF-8 text
 --> writ.toml:1:6
  |
1 | # caf�
  |      ^
  = help: save the file in the encoding UTF-8
"#
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_the_order_of_files_and_lines() {
    assert_refused(
        &[
            ("roles.d/b.toml", "[role.b]\nmembers = [\"@x\"]\nwhen = \"tty\"\n"),
            ("approvers.d/bob.toml", "[approver.bob]\nunix_usr = \"bob\"\n"),
            ("writ.toml", "mode = 1\nunmached = \"deny\"\n"),
        ],
        r#"
error: `mode` must be a text in quotes, not a whole number
 --> writ.toml:1:8
  |
1 | mode = 1
  |        ^

error: unknown key `unmached` in this file
 --> writ.toml:2:1
  |
2 | unmached = "deny"
  | ^^^^^^^^
  = help: did you mean `unmatched`?

error: "@x" is a team of approvers; a role is given to users such as "alice" or groups of the host such as "%developers"
 --> roles.d/b.toml:2:12
  |
2 | members = ["@x"]
  |            ^^^^

error: unknown key `when` in [role.b]
 --> roles.d/b.toml:3:1
  |
3 | when = "tty"
  | ^^^^
  = help: the keys here are `actions`, `allow_dangerous`, `ask`, `capabilities`, `decision`, `description`, `end_on_logout`, `except`, `except_hosts`, `groups`, `hosts`, `hours`, `max_duration`, `members`, `not_after`, `on_end`, `rule`, `time_zone`

error: `bob` has no way to answer: neither a `unix_user` nor a key
 --> approvers.d/bob.toml:1:11
  |
1 | [approver.bob]
  |           ^^^
  = help: add a line such as `unix_user = "bob"`

error: unknown key `unix_usr` in [approver.bob]
 --> approvers.d/bob.toml:2:1
  |
2 | unix_usr = "bob"
  | ^^^^^^^^
  = help: did you mean `unix_user`?
"#,
    );
}

#[test]
fn a_file_of_another_name_is_refused() {
    assert_refused(
        &[("roles.d/a.txt", ""), ("other.toml", "")],
        r#"
error: this is no file of a policy
 --> roles.d/a.txt
  = help: those are writ.toml, roles.d/NAME.toml and approvers.d/NAME.toml

error: this is no file of a policy
 --> other.toml
  = help: those are writ.toml, roles.d/NAME.toml and approvers.d/NAME.toml
"#,
    );
}

#[test]
fn escapes_in_a_file_do_not_reach_the_terminal() {
    assert_refused(
        &[("writ.toml", "\t'\u{202e}x\\e]0;' = \"\u{200b}\" # \u{9b}2J\n")],
        r#"
error: unknown key `\u{202e}x\e]0;` in this file
 --> writ.toml:1:2
  |
1 |     '\u{202e}x\e]0;' = "\u{200b}" # \u{9b}2J
  |     ^^^^^^^^^^^^^^^^
  = help: the keys here are `ask`, `audit`, `break_glass`, `hub`, `mode`, `noninteractive`, `sessions`, `tags`, `unmatched`
"#,
    );
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_refused(one: Vec<u8>, two: Vec<u8>, three: Vec<u8>) {
        let files = vec![
            SourceFile::new("writ.toml", one),
            SourceFile::new("roles.d/a.toml", two),
            SourceFile::new("approvers.d/a.toml", three),
        ];
        let _ = parse(files, &HostName::of(b"web-1"));
    }

    #[test]
    fn any_words_of_the_grammar_are_taken_or_refused(
        words in proptest::collection::vec(proptest::sample::select(WORDS), 0..40),
    ) {
        let text = words.concat();
        for name in ["writ.toml", "roles.d/a.toml", "approvers.d/a.toml"] {
            if let Err(refusal) = read(&[(name, &text)]) {
                prop_assert!(!refusal.errors().is_empty());
                prop_assert!(refusal.to_string().starts_with(name));
                let _ = refusal.render(Colour::Ansi);
            }
        }
    }
}

const WORDS: &[&str] = &[
    "[role.a]\n",
    "[[role.a.rule]]\n",
    "[ask]\n",
    "[approver.b]\n",
    "role = ",
    "ask = { ",
    "}\n",
    "members = ",
    "commands = ",
    "from = ",
    "decision = ",
    "count = ",
    "timeout = ",
    "keys = ",
    "hosts = ",
    "capabilities = ",
    "ticket = ",
    "unix_user = ",
    "teams = ",
    "[\"%a\"]\n",
    "[\"/bin/x **\"]\n",
    "\"ask\"\n",
    "\"5m\"",
    "3",
    "true\n",
    "[",
    "]",
    "\n",
    ", ",
    "\"\"",
    "{}",
    "'(['",
    "1979-05-27",
    "0x7fffffffffffffff",
    "é",
    "\u{1b}",
    "#",
    "\"ALL\"",
    ".",
];
