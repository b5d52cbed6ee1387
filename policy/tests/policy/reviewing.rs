//! What may not be as it was meant, in files that are taken.

use writ_policy::{Accounts, SourceFile, review};

use crate::taken;

/// What is remarked, a line each: `LINE: MESSAGE`.
#[track_caller]
fn remarks(files: &[(&str, &str)]) -> Vec<String> {
    taken(files);
    let files: Vec<_> = files.iter().map(|(name, text)| SourceFile::new(*name, *text)).collect();
    told(review(&files, None))
}

fn told(remarks: Vec<writ_policy::Diagnostic>) -> Vec<String> {
    let line = |remark: &writ_policy::Diagnostic| remark.position().map_or(0, |p| p.line);
    remarks.iter().map(|remark| format!("{}: {}", line(remark), remark.message())).collect()
}

fn role(name: &str, members: &str, rules: &[(&str, &str)]) -> String {
    let mut text = format!("[role.{name}]\nmembers = {members}\n");
    for (commands, decision) in rules {
        text.push_str(&format!("[[role.{name}.rule]]\ncommands = {commands}\n{decision}\n"));
    }
    text
}

const ASK: &str = "decision = \"ask\"\nask = { from = [\"bob\"] }";
const ALLOW: &str = "decision = \"allow\"";
const DENY: &str = "decision = \"deny\"";

#[test]
fn a_pattern_that_an_earlier_one_takes_is_remarked() {
    let rules = [("[\"/bin/a **\"]", DENY), ("[\"/bin/b\", \"/bin/a x\"]", ASK)];
    assert_eq!(
        remarks(&[("roles.d/a.toml", &role("a", "[\"alice\"]", &rules))]),
        ["7: no command comes this far: the rule \"#1\" takes every one before it"]
    );
}

#[test]
fn a_pattern_for_others_than_the_earlier_one_is_not() {
    let first = format!("{DENY}\nrun_as = [\"postgres\"]");
    let rules = [("[\"/bin/a **\"]", first.as_str()), ("[\"/bin/a x\"]", ASK)];
    assert_eq!(remarks(&[("roles.d/a.toml", &role("a", "[\"alice\"]", &rules))]), [""; 0]);
}

#[test]
fn what_hangs_on_a_condition_or_on_hours_takes_nothing_for_sure() {
    for limit in ["when = \"tty\"", "hours = \"Mon 09:00-18:00\"", "not_after = 2031-12-31"] {
        let limited = format!("{DENY}\n{limit}");
        let first = [("[\"/bin/a **\"]", limited.as_str())];
        let asks = [("[\"/bin/a x\"]", ASK)];
        let one = role("a", "[\"alice\"]", &[first, asks].concat());
        assert_eq!(remarks(&[("roles.d/a.toml", &one)]), [""; 0]);
        let (one, other) = (role("a", "[\"alice\"]", &asks), role("b", "[\"alice\"]", &first));
        let files = [("roles.d/a.toml", one.as_str()), ("roles.d/b.toml", &other)];
        assert_eq!(remarks(&files), [""; 0]);
    }
}

#[test]
fn a_role_that_leaves_somebody_out_decides_nothing_for_sure() {
    let asks = role("a", "[\"alice\"]", &[("[\"/bin/a x\"]", ASK)]);
    let allows = role("b", "[\"alice\", \"%ops\"]\nexcept = [\"alice\"]", &[("[\"ALL\"]", DENY)]);
    assert_eq!(remarks(&[("roles.d/a.toml", &asks), ("roles.d/b.toml", &allows)]), [""; 0]);
}

#[test]
fn a_question_that_another_role_decides_before_is_remarked() {
    let asks = role("a", "[\"alice\"]", &[("[\"/bin/a x\"]", ASK)]);
    let says = "5: nobody is asked about this: the rule \"#1\" of the role `b` allows it for the same members";
    let allows = |members: &str, before: &[(&str, &str)]| {
        let mut rules = before.to_vec();
        rules.push(("[\"/bin/a *\"]", ALLOW));
        role("b", members, &rules)
    };
    let with = |other: &str| remarks(&[("roles.d/a.toml", &asks), ("roles.d/b.toml", other)]);
    assert_eq!(with(&allows("[\"alice\", \"%ops\"]", &[])), [says.replace("5:", "4:")]);
    assert_eq!(with(&allows("[\"bob\"]", &[])), [""; 0]);
    assert_eq!(with(&allows("[\"alice\"]", &[("[\"/bin/*\"]", ASK)])), [""; 0]);
    let elsewhere = allows("[\"alice\"]", &[]).replace("members", "hosts = [\"db\"]\nmembers");
    assert_eq!(with(&elsewhere), [""; 0]);
}

#[test]
fn what_is_allowed_and_gives_a_shell_is_remarked_and_what_is_asked_about_is_not() {
    let rules = [
        ("[\"/usr/bin/vim /etc/hosts\"]", ALLOW),
        ("[\"/usr/bin/find **\"]", ASK),
        ("[\"/bin/bash\"]", DENY),
        ("[\"ALL\"]", ALLOW),
    ];
    let remarked = remarks(&[("roles.d/a.toml", &role("a", "[\"alice\"]", &rules))]);
    assert_eq!(
        remarked,
        [
            "4: `vim` can start a shell or run code of its user's choice: it is an editor with a shell in it (:!)",
            "14: `ALL` is any command, a shell too",
        ]
    );
}

#[test]
fn a_question_that_only_its_asker_could_answer_is_remarked() {
    let asks = |from: &str| {
        let ask = format!("decision = \"ask\"\nask = {{ from = {from} }}");
        role("a", "[\"bob\", \"alice\"]", &[("[\"/bin/a\"]", ask.as_str())])
    };
    let bob = "[approver.robert]\nunix_user = \"bob\"\nteams = [\"oncall\"]\n";
    let with =
        |from: &str| remarks(&[("roles.d/a.toml", &asks(from)), ("approvers.d/b.toml", bob)]);
    let himself =
        "5: what `bob` asks for here, too few can approve: 1 person must, and without him 0 can";
    assert_eq!(with("[\"@oncall\"]"), [himself]);
    assert_eq!(with("[\"robert\"]"), [himself]);
    assert_eq!(with("[\"robert\", \"erin\"]"), [""; 0]);
    assert_eq!(with("[\"%ops\"]"), [""; 0]);
}

#[test]
fn seats_that_only_the_asker_could_fill_are_remarked() {
    let asks = |seats: &str| {
        let ask = format!("decision = \"ask\"\nask = {{ all_of = [{seats}] }}");
        role("a", "[\"bob\"]", &[("[\"/bin/a\"]", ask.as_str())])
    };
    let team = "[approver.bob]\nunix_user = \"bob\"\nteams = [\"oncall\"]\n[approver.carol]\nunix_user = \"carol\"\nteams = [\"oncall\"]\n";
    let with =
        |seats: &str| remarks(&[("roles.d/a.toml", &asks(seats)), ("approvers.d/b.toml", team)]);
    let himself =
        "5: what `bob` asks for here, too few can approve: 2 people must, and without him 1 can";
    assert_eq!(with("{ from = [\"@oncall\"] }, { from = [\"carol\"] }"), [himself]);
    assert_eq!(with("{ from = [\"@oncall\"] }, { from = [\"erin\"] }"), [""; 0]);
    assert_eq!(with("{ from = [\"carol\"] }, { from = [\"%ops\"] }"), [""; 0]);
}

#[test]
fn who_has_a_key_needs_no_account_to_answer() {
    let afar = "[approver.bob]\nteams = [\"oncall\"]\nkeys = [\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJFNcqc2cRwLmJKDaAk/ugEqI3z/8GyK0PMkim9gJeVi bob\"]\n";
    let lends =
        "[role.a]\nmembers = [\"%ops\"]\ngroups = [\"adm\"]\nask = { from = [\"@oncall\"] }\n";
    assert_eq!(remarks(&[("roles.d/a.toml", lends), ("approvers.d/b.toml", afar)]), [""; 0]);
}

/// A host with alice and the group ops.
struct Host;

impl Accounts for Host {
    fn has_user(&self, name: &str) -> Option<bool> {
        (name != "lost").then(|| name == "alice")
    }
    fn has_group(&self, name: &str) -> Option<bool> {
        Some(name == "ops")
    }
    fn users(&self) -> Vec<String> {
        vec!["alice".into()]
    }
    fn groups(&self) -> Vec<String> {
        vec!["ops".into()]
    }
}

#[test]
fn whom_the_host_does_not_have_is_remarked() {
    let ask = "decision = \"ask\"\nask = { from = [\"robert\", \"erin\", \"%opps\"] }";
    let role = role("a", "[\"alcie\", \"lost\", \"%ops\"]", &[("[\"/bin/a\"]", ask)]);
    let files = [
        SourceFile::new("roles.d/a.toml", role),
        SourceFile::new("approvers.d/b.toml", "[approver.robert]\nunix_user = \"bob\"\n"),
    ];
    let remarked = review(&files, Some(&Host));
    let helps: Vec<_> = remarked.iter().map(writ_policy::Diagnostic::help).collect();
    assert_eq!(helps, [Some("did you mean `alice`?"), None, Some("did you mean `ops`?"), None]);
    assert_eq!(
        told(remarked),
        [
            "2: this host has no user `alcie`",
            "6: this host has no user `erin`",
            "6: this host has no group `opps`",
            "2: this host has no user `bob`",
        ]
    );
}
