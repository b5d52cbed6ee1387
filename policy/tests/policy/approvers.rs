//! `[approver.NAME]`.

use writ_signed::ApproverKey;

use crate::{assert_refused, taken};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJFNcqc2cRwLmJKDaAk/ugEqI3z/8GyK0PMkim9gJeVi bob@desk";

#[test]
fn an_approver_is_taken() {
    let text = format!(
        "[approver.bob]\nunix_user = \"robert\"\nteams = [\"oncall\", \"managers\"]\nkeys = [\"{KEY}\"]\n"
    );
    let loaded = taken(&[("approvers.d/bob.toml", &text)]);
    let bob = &loaded.policy.settings().approvers["bob"];
    assert_eq!(bob.unix_user.as_deref(), Some("robert"));
    assert!(bob.teams.iter().eq(["managers", "oncall"]));
    assert_eq!(format!("{} bob@desk", bob.keys[0]), KEY);
}

/// A security key that must verify its user, and a passkey.
const OTHERS: [&str; 2] = [
    "verify-required sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOUAAAABHNzaDo= bob@token",
    "webauthn-es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEcxA-wws8z1fargjpNTSu8USjWUDPa7uhKgz3y9XWWmTYLIyZ6dPEX5JFupsnmCya6o7B25SxnER5WULA6yKqMg https://hub.example.com phone",
];

#[test]
fn keys_of_every_kind_are_taken() {
    let text =
        format!("[approver.bob]\nkeys = [\"{KEY}\", \"{}\", \"{}\"]\n", OTHERS[0], OTHERS[1]);
    let loaded = taken(&[("approvers.d/bob.toml", &text)]);
    let keys = &loaded.policy.settings().approvers["bob"].keys;
    let kinds: Vec<bool> = keys
        .iter()
        .map(|key| matches!(key, ApproverKey::Ssh { verify_required: true, .. }))
        .collect();
    assert_eq!(kinds, [false, true, false]);
    assert!(
        matches!(&keys[2], ApproverKey::Passkey(key) if key.origin().host() == "hub.example.com")
    );
}

#[test]
fn a_key_in_two_lists_is_refused() {
    assert_refused(
        &[(
            "approvers.d/two.toml",
            &format!(
                "[approver.bob]\nkeys = [\"{KEY}\"]\n[approver.erin]\nkeys = [\n  \"{KEY}\",\n]\n"
            ),
        )],
        r#"
error: this key is in the list of `bob` already
 --> approvers.d/two.toml:5:3
  |
5 |   "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJFNcqc2cRwLmJKDaAk/ugEqI3z/8GyK0PMkim9gJeV…
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: a key is one person's, and stands in his list once
"#,
    );
}

#[test]
fn signed_answers_of_people_without_keys_are_refused() {
    let rule = "[role.a]\nmembers = [\"alice\"]\n[[role.a.rule]]\ncommands = [\"/bin/a\"]\ndecision = \"ask\"\n[role.a.ask]\nfrom = [\"bob\", \"erin\"]\ncount = 2\nsigned = true\n";
    let people =
        format!("[approver.bob]\nkeys = [\"{KEY}\"]\n[approver.erin]\nunix_user = \"erin\"\n");
    assert_refused(
        &[("roles.d/a.toml", rule), ("approvers.d/people.toml", &people)],
        r#"
error: only signed answers approve, and of those who are asked 1 have a key, where 2 must approve
 --> roles.d/a.toml:9:10
  |
9 | signed = true
  |          ^^^^
  = help: add the approvers' public keys to `keys` in approvers.d, or leave `signed` out
"#,
    );
    let one = rule.replace("count = 2\n", "");
    let loaded = taken(&[("roles.d/a.toml", &one), ("approvers.d/people.toml", &people)]);
    assert_eq!(loaded.policy.settings().approvers["bob"].keys.len(), 1);
}

#[test]
fn an_approver_without_a_way_to_answer_is_refused() {
    assert_refused(
        &[("approvers.d/bob.toml", "[approver.bob]\nteams = [\"oncall\"]\n")],
        r#"
error: `bob` has no way to answer: neither a `unix_user` nor a key
 --> approvers.d/bob.toml:1:11
  |
1 | [approver.bob]
  |           ^^^
  = help: add a line such as `unix_user = "bob"`
"#,
    );
}

#[test]
fn an_approver_or_his_user_twice_is_refused_with_both_places() {
    assert_refused(
        &[
            ("approvers.d/a.toml", "[approver.bob]\nunix_user = \"bob\"\n"),
            (
                "approvers.d/b.toml",
                "[approver.bob]\nunix_user = \"rob\"\n[approver.robert]\nunix_user = \"bob\"\n",
            ),
        ],
        r#"
error: there is an approver `bob` already
 --> approvers.d/b.toml:1:11
  |
1 | [approver.bob]
  |           ^^^
  = help: the first is at approvers.d/a.toml:1; rename one or make them one

error: the user `bob` is another approver already
 --> approvers.d/b.toml:4:13
  |
4 | unix_user = "bob"
  |             ^^^^^
  = help: see approvers.d/a.toml:2; one person counts once, so he must have one name
"#,
    );
}

#[test]
fn keys_that_are_none_are_refused_and_never_shown_when_private() {
    let cut = KEY.replace("JeVi", "");
    assert_refused(
        &[(
            "approvers.d/bob.toml",
            &format!(
                "[approver.bob]\nkeys = [\n  \"{cut}\",\n  \"bob\",\n  \"\"\"-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n\"\"\",\n]\n"
            ),
        )],
        r#"
error: this key is damaged: what follows its type is not a whole key of that type
 --> approvers.d/bob.toml:3:3
  |
3 |   "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJFNcqc2cRwLmJKDaAk/ugEqI3z/8GyK0PMkim9g bo…
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

error: this key does not begin with a type of key that is known, such as `ssh-ed25519`
 --> approvers.d/bob.toml:4:3
  |
4 |   "bob",
  |   ^^^^^

error: this key is a private key: take it out of the file, replace it everywhere, and put the line of its `.pub` file here
 --> approvers.d/bob.toml:5:3
  |
5 |   """-----BEGIN OPENSSH PRIVATE KEY-----
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn names_and_teams_that_cannot_be_are_refused() {
    assert_refused(
        &[(
            "approvers.d/b.toml",
            "[approver.'b b']\nunix_user = \"%wheel\"\nteams = [\"on call\", \"\"]\n",
        )],
        r#"
error: "b b" cannot have ' ' in it
 --> approvers.d/b.toml:1:11
  |
1 | [approver.'b b']
  |           ^^^^^

error: "%wheel" cannot have '%' in it
 --> approvers.d/b.toml:2:13
  |
2 | unix_user = "%wheel"
  |             ^^^^^^^^

error: "@on call" is no name; names have no white space, no control characters and none of / : , ; " '
 --> approvers.d/b.toml:3:10
  |
3 | teams = ["on call", ""]
  |          ^^^^^^^^^

error: "@" names nobody; write a user such as "bob", or "%" and a group of the host
 --> approvers.d/b.toml:3:21
  |
3 | teams = ["on call", ""]
  |                     ^^
"#,
    );
}
