//! Writ's lines in a service's file: where they belong, and how they go.
//!
//! The lines of the account stack, which come before whatever could end it:
//!
//! ```text
//! account [success=1 ignore=1 module_unknown=ignore default=die] pam_writ.so
//! account [success=ignore default=die] pam_succeed_if.so quiet use_uid uid eq 0
//! ```
//!
//! What the module says holds: it passes over the second line, or ends the stack. A
//! module that cannot be loaded is `module_unknown` (pam.conf(5)), and then the second
//! line lets root on and ends the stack for everybody else. `module_unknown=ignore` alone
//! would do that for everybody, and a user can bring it about: the limits that he sets
//! himself (`ulimit -n`, `-v`) are those of the su that he starts. They keep the second
//! module from loading too, which is `default=die`.
//!
//! The session stack has the same two: a program may come to it without the account stage
//! (sudo-rs' sudoedit), and then the module refuses there.
//!
//! Root is who started the program where that is another than who comes in (`use_uid`, su
//! and its like), and who comes in where a daemon of root's lets people in (login, sshd):
//! there everybody's program is root's.

use std::collections::BTreeSet;

use writ_protocol::services::WAIT_OPTION;

use super::stack::{Act, Facility, Rule, StackError, parse};

/// Ends every line that is Writ's, or begins it.
const MARK: &str = "# writ";

/// Begins the line that says that the file was not there.
const COPY: &str = "# writ: a copy of ";

/// A stack that takes in more than this is not read to its end, in files; it may be a
/// ring.
const INCLUDES_MAX: usize = 32;

/// Services whose programs are started by users and run as root (setuid): there the real
/// user id tells who root is.
const STARTED_BY_USERS: [&str; 5] = ["su", "su-l", "sudo", "sudo-i", "doas"];

/// Services that root never needs, with programs that are setuid in one release and a
/// daemon's in the next: without the module nobody passes.
const NOT_FOR_ROOT: [&str; 1] = ["polkit-1"];

/// Whether root comes through a service; where he never does, nobody need let him.
#[must_use]
pub fn is_for_root(service: &str) -> bool {
    !NOT_FOR_ROOT.contains(&service)
}

/// What was looked at beside the file itself: the text of another service's file, where
/// there is one that can be read.
pub type Others<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why the lines have no place in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It is odd.
    #[error(transparent)]
    Odd(#[from] StackError),
    /// PAM takes the stack of `other` where a service has none of its own.
    #[error("it has no account rule, so that the one of `other` counts, which is everybody's")]
    NoAccount,
    /// It asks already, by a file that it takes in.
    #[error("it takes in {0}, which asks Writ already")]
    Already(String),
    /// Another that asks takes it in.
    #[error(
        "{0} asks Writ and takes it in, so that people would be asked twice; `writ disable pam {0}` first"
    )]
    Asked(String),
}

/// The text with Writ's lines in their places, once. Nobody waits there for longer than
/// `wait`, in seconds; without, as the text says so far, or as the module has it by itself.
///
/// # Errors
/// When they have none there.
pub fn with_writ(
    service: &str,
    text: &str,
    wait: Option<u32>,
    others: Others<'_>,
) -> Result<String, PlaceError> {
    let wait = wait.or_else(|| wait_of(text));
    let mut text = without_writ(text);
    let rules = parse(&text)?;
    for rule in &rules {
        if let Act::Include(file) = &rule.act
            && any_within(file, others, &|rule| rule.asks_writ())
        {
            return Err(PlaceError::Already(file.clone()));
        }
    }
    let account = place(&rules, Facility::Account, others).ok_or(PlaceError::NoAccount)?;
    let session = place(&rules, Facility::Session, others);
    let mut insertions = vec![(account, lines_of("account", service, wait))];
    insertions.extend(session.map(|at| (at, lines_of("session", service, wait))));
    // From the end, so that what is put in moves no place that comes after.
    insertions.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    for (at, lines) in insertions {
        text.insert_str(at, &lines);
    }
    Ok(text)
}

/// The text without any line of Writ's, whoever wrote it; every other byte stays.
pub fn without_writ(text: &str) -> String {
    let asking: BTreeSet<usize> = parse(text)
        .unwrap_or_default()
        .into_iter()
        .filter(Rule::asks_writ)
        .flat_map(|rule| rule.bytes)
        .collect();
    let mut kept = String::with_capacity(text.len());
    let mut at: usize = 0;
    for line in text.split_inclusive('\n') {
        if !is_marked(line) && !asking.contains(&at) {
            kept.push_str(line);
        }
        at = at.saturating_add(line.len());
    }
    kept
}

/// How long the module is told to wait at most, in seconds, where it is.
pub fn wait_of(text: &str) -> Option<u32> {
    let rules = parse(text).ok()?;
    let rule = rules.iter().find(|rule| rule.is_of(Facility::Account) && rule.asks_writ())?;
    let words = text.get(rule.bytes.clone())?.split_whitespace();
    words.filter_map(|word| word.strip_prefix(WAIT_OPTION)).find_map(|seconds| seconds.parse().ok())
}

/// Whether a line of the text is Writ's.
pub fn has_writ(text: &str) -> bool {
    without_writ(text) != text
}

/// Whether the account stack of the text asks Writ.
pub fn asks(text: &str) -> bool {
    let rules = parse(text).unwrap_or_default();
    rules.iter().any(|rule| rule.is_of(Facility::Account) && rule.asks_writ())
}

/// The line that says whose copy a file is.
pub fn copy_line(original: &str, digest: &str) -> String {
    format!("{COPY}{original}, sha256 {digest}\n")
}

/// The digest of the file that this one is a copy of.
pub fn copied_digest(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with(COPY))?;
    line.rsplit(' ').next()
}

fn is_marked(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("# writ:") || line.ends_with(MARK)
}

/// The two lines of a stack: the module, and what holds where it cannot be loaded.
fn lines_of(facility: &str, service: &str, wait: Option<u32>) -> String {
    let without_module = if !is_for_root(service) {
        "requisite\tpam_deny.so"
    } else if STARTED_BY_USERS.contains(&service) {
        "[success=ignore default=die]\tpam_succeed_if.so quiet use_uid uid eq 0"
    } else {
        "[success=ignore default=die]\tpam_succeed_if.so quiet uid eq 0"
    };
    let wait = wait.map(|seconds| format!(" {WAIT_OPTION}{seconds}")).unwrap_or_default();
    format!(
        "# writ: asks the agent; `writ disable pam {service}` takes these lines out\n\
         {facility}\t[success=1 ignore=1 module_unknown=ignore default=die]\tpam_writ.so{wait} {MARK}\n\
         {facility}\t{without_module} {MARK}\n"
    )
}

/// Where lines of `facility` go: before the first rule below which nothing is sure to be
/// reached, and before pam_systemd, which reads what the module leaves for it. `None`
/// where the file has no rule of it.
fn place(rules: &[Rule], facility: Facility, others: Others<'_>) -> Option<usize> {
    let bears = |rule: &&Rule| bears(rule, facility, others);
    let is_limit = |rule: &&Rule| match &rule.act {
        Act::Module { leaves, .. } => *leaves || rule.opens_session_of_logind(),
        Act::Include(file) => any_within(file, others, &|rule| {
            rule.is_of(facility)
                && (rule.opens_session_of_logind()
                    || matches!(rule.act, Act::Module { leaves: true, .. }))
        }),
        Act::Other => false,
    };
    let mut own = rules.iter().filter(|rule| rule.is_of(facility)).filter(bears);
    let last = own.clone().next_back()?;
    Some(own.find(is_limit).unwrap_or(last).bytes.start)
}

/// Whether a rule adds to `facility`: an `@include` only if the file has such rules.
fn bears(rule: &Rule, facility: Facility, others: Others<'_>) -> bool {
    match (&rule.act, rule.facility) {
        (Act::Include(file), None) => any_within(file, others, &|rule| {
            rule.is_of(facility) && matches!(rule.act, Act::Module { .. })
        }),
        _ => true,
    }
}

/// Whether `wanted` is true of a rule of the file or of one that it takes in. What cannot
/// be read may hold anything but Writ.
fn any_within(file: &str, others: Others<'_>, wanted: &dyn Fn(&Rule) -> bool) -> bool {
    let mut left = INCLUDES_MAX;
    within(file, others, &mut left, wanted)
}

fn within(
    file: &str,
    others: Others<'_>,
    left: &mut usize,
    wanted: &dyn Fn(&Rule) -> bool,
) -> bool {
    let unread = || wanted(&anything(Facility::Account)) || wanted(&anything(Facility::Session));
    let Some(fewer) = left.checked_sub(1) else {
        return unread();
    };
    *left = fewer;
    let Some(Ok(rules)) = others(file).map(|text| parse(&text)) else {
        return unread();
    };
    rules.iter().any(|rule| match &rule.act {
        Act::Include(file) => within(file, others, left, wanted),
        _ => wanted(rule),
    })
}

/// A rule of a file that cannot be read.
fn anything(facility: Facility) -> Rule {
    let act = Act::Module { path: String::new(), leaves: true };
    Rule { bytes: 0..0, facility: Some(facility), act }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SU: &str = "auth       sufficient pam_rootok.so\n\n# account requisite pam_time.so\nsession       required   pam_env.so readenv=1\n@include common-auth\n@include common-account\n@include common-session\n";

    fn debian(file: &str) -> Option<String> {
        let text = match file {
            "common-auth" => {
                "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
            }
            "common-account" => {
                "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\naccount requisite pam_deny.so\naccount required pam_permit.so\n"
            }
            "common-session" => {
                "session [default=1] pam_permit.so\nsession optional pam_systemd.so\n"
            }
            "plain" => {
                "session required pam_unix.so\nsession optional pam_systemd.so\naccount required pam_unix.so\n"
            }
            "su" => return with_writ("su", SU, None, &debian).ok(),
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// The lines around Writ's: `W` stands for each of Writ's.
    fn shape(text: &str) -> Vec<&str> {
        text.lines().map(|line| if is_marked(line) { "W" } else { line }).collect()
    }

    fn put(text: &str) -> String {
        with_writ("login", text, None, &debian).unwrap()
    }

    #[test]
    fn the_lines_come_before_what_could_end_the_stack() {
        let text = with_writ("su", SU, None, &debian).unwrap();
        assert_eq!(
            shape(&text)[3..],
            [
                "session       required   pam_env.so readenv=1",
                "@include common-auth",
                "W",
                "W",
                "W",
                "@include common-account",
                "W",
                "W",
                "W",
                "@include common-session"
            ]
        );
        for ender in ["sufficient pam_x.so", "[success=1] pam_x.so", "include gone"] {
            let first = "account required pam_nologin.so";
            let ender = format!("account {ender}");
            let text = put(&format!("{first}\n{ender}\naccount required pam_unix.so\n"));
            let last = "account required pam_unix.so";
            assert_eq!(shape(&text), [first, "W", "W", "W", &ender, last]);
        }
    }

    #[test]
    fn the_session_line_comes_before_pam_systemd() {
        let direct = put(
            "account required pam_unix.so\nsession required pam_loginuid.so\nsession optional pam_systemd.so\nsession required pam_env.so\n",
        );
        assert_eq!(
            shape(&direct),
            [
                "W",
                "W",
                "W",
                "account required pam_unix.so",
                "session required pam_loginuid.so",
                "W",
                "W",
                "W",
                "session optional pam_systemd.so",
                "session required pam_env.so"
            ]
        );
        let by_include =
            put("session required pam_loginuid.so\n@include plain\nsession required pam_env.so\n");
        assert_eq!(
            shape(&by_include),
            [
                "session required pam_loginuid.so",
                "W",
                "W",
                "W",
                "W",
                "W",
                "W",
                "@include plain",
                "session required pam_env.so"
            ]
        );
    }

    #[test]
    fn taking_out_leaves_every_other_byte() {
        for text in [
            SU,
            "account required pam_unix.so",
            "#\r\n\naccount \\\n required pam_x.so\n\n# writing\n",
        ] {
            let with = put(text);
            assert_eq!(without_writ(&with), text);
            assert_eq!(put(&with), with, "once only");
            assert!(asks(&with) && has_writ(&with) && !has_writ(text));
        }
    }

    #[test]
    fn a_wait_is_kept_until_another_is_wanted_and_gone_with_the_lines() {
        assert_eq!(wait_of(&put(SU)), None);
        let waits = |text: &str, wait| with_writ("su", text, wait, &debian).unwrap();
        let with = waits(SU, Some(30));
        assert_eq!(with.matches("pam_writ.so wait=30 # writ").count(), 2);
        assert_eq!(waits(&with, None), with);
        assert_eq!(wait_of(&waits(&with, Some(90))), Some(90));
        assert_eq!(without_writ(&with), SU);
        let by_hand = "account required pam_writ.so wait=x wait=7\n";
        assert_eq!(wait_of(by_hand), Some(7));
    }

    #[test]
    fn what_somebody_wrote_by_hand_is_taken_out_too() {
        let text = "account \\\n required /x/pam_writ.so\naccount required pam_unix.so\n";
        assert_eq!(without_writ(text), "account required pam_unix.so\n");
    }

    #[test]
    fn who_asks_already_by_another_file_is_not_asked_twice() {
        let su_l = "auth include su\naccount include su\nsession include su\n";
        assert_eq!(
            with_writ("su-l", su_l, None, &debian),
            Err(PlaceError::Already("su".to_owned()))
        );
    }

    #[test]
    fn a_file_without_an_account_rule_is_left_alone() {
        assert_eq!(
            with_writ("x", "auth required pam_unix.so\n@include common-auth\n", None, &debian),
            Err(PlaceError::NoAccount)
        );
    }

    #[test]
    fn a_ring_of_inclusions_ends_and_may_hold_anything() {
        let ring = |_: &str| Some("@include ring\n".repeat(20));
        let text = "@include ring\naccount required pam_unix.so\n";
        let text = with_writ("x", text, None, &ring).unwrap();
        assert_eq!(shape(&text)[..7], ["W", "W", "W", "W", "W", "W", "@include ring"]);
    }

    #[test]
    fn root_is_who_started_it_or_who_comes_in() {
        assert!(with_writ("su", SU, None, &debian).unwrap().contains("quiet use_uid uid eq 0"));
        assert!(put(SU).contains("quiet uid eq 0"));
    }
}
