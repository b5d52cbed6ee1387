//! pam.conf(5): a service's file as libpam reads it (libpam/pam_handlers.c).

use std::ops::Range;

/// The file name of the module.
pub const MODULE_FILE: &str = "pam_writ.so";

/// The module that opens a session of logind's.
const SYSTEMD_MODULE: &str = "pam_systemd.so";

/// Why a file is not one that lines are put into.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StackError {
    /// A rule that goes on after a comment or an empty line: releases of PAM differ.
    #[error("line {0}: a rule is continued over an empty line or a comment")]
    Continued(usize),
    /// Not a rule.
    #[error("line {0}: this is no rule that pam.conf(5) knows")]
    NoRule(usize),
}

/// What a stack is for. `auth` and `password` are read over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facility {
    /// Whether somebody may come in now.
    Account,
    /// What is set up for him, and taken down.
    Session,
}

/// One rule, or one inclusion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its bytes in the file, line feeds included.
    pub bytes: Range<usize>,
    /// What stacks it is in; `@include` is in all.
    pub facility: Option<Facility>,
    /// What it does.
    pub act: Act,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Runs a module.
    Module {
        /// Its path, as written.
        path: String,
        /// Whether its control may end the stack, or jump within it.
        leaves: bool,
    },
    /// Takes in another file: `@include`, `include` or `substack`.
    Include(String),
    /// Speaks of another facility.
    Other,
}

impl Rule {
    /// Whether it has a say in `facility`.
    pub fn is_of(&self, facility: Facility) -> bool {
        self.act != Act::Other && self.facility.is_none_or(|of| of == facility)
    }

    /// Whether it runs Writ's module.
    pub fn asks_writ(&self) -> bool {
        self.runs(MODULE_FILE)
    }

    /// Whether it runs pam_systemd(8).
    pub fn opens_session_of_logind(&self) -> bool {
        self.runs(SYSTEMD_MODULE)
    }

    fn runs(&self, file: &str) -> bool {
        matches!(&self.act, Act::Module { path, .. } if path.rsplit('/').next() == Some(file))
    }
}

/// The rules of a file, in order.
///
/// # Errors
/// When libpam would not, or not always, read it as it looks.
pub fn parse(text: &str) -> Result<Vec<Rule>, StackError> {
    let mut rules = Vec::new();
    let mut joined = String::new();
    let mut from = 0;
    let mut at: usize = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let number = index.saturating_add(1);
        let begin = at;
        at = at.saturating_add(line.len());
        let (before, comment) = match line.split_once('#') {
            Some((before, _)) => (before, true),
            None => (line, false),
        };
        let before = before.trim();
        if joined.is_empty() {
            from = begin;
        } else if before.is_empty() {
            return Err(StackError::Continued(number));
        }
        // A comment ends the rule, whatever stands before it.
        if let (Some(before), false) = (before.strip_suffix('\\'), comment) {
            joined.push_str(before);
            joined.push(' ');
            continue;
        }
        joined.push_str(before);
        let logical = std::mem::take(&mut joined);
        if !logical.is_empty() {
            let (facility, act) = read(&logical).ok_or(StackError::NoRule(number))?;
            rules.push(Rule { bytes: from..at, facility, act });
        }
    }
    match joined.is_empty() {
        true => Ok(rules),
        false => Err(StackError::Continued(text.lines().count())),
    }
}

fn read(line: &str) -> Option<(Option<Facility>, Act)> {
    let (kind, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    if kind.eq_ignore_ascii_case("@include") {
        return Some((None, Act::Include(rest.split_whitespace().next()?.to_owned())));
    }
    let kind = kind.strip_prefix('-').unwrap_or(kind).to_ascii_lowercase();
    let facility = match kind.as_str() {
        "account" => Some(Facility::Account),
        "session" => Some(Facility::Session),
        "auth" | "password" => return Some((None, Act::Other)),
        _ => return None,
    };
    let (control, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => rest.split_once(char::is_whitespace)?,
    };
    let named = rest.split_whitespace().next()?.to_owned();
    let control = control.to_ascii_lowercase();
    let act = match control.as_str() {
        "include" | "substack" => Act::Include(named),
        _ => Act::Module { path: named, leaves: leaves(&control) },
    };
    Some((facility, act))
}

/// Whether what stands below a rule with this control may not be reached although
/// nothing failed: by success at once, or by a jump. What is not understood may.
fn leaves(control: &str) -> bool {
    match control {
        "required" | "requisite" | "optional" => false,
        _ => !control.split_whitespace().all(|pair| {
            pair.split_once('=')
                .is_some_and(|(_, action)| matches!(action, "ok" | "ignore" | "bad" | "die"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(line: &str) -> Rule {
        let mut rules = parse(line).unwrap();
        assert_eq!(rules.len(), 1, "{line}");
        rules.remove(0)
    }

    #[test]
    fn rules_are_read_as_pam_reads_them() {
        assert!(only("-Account\trequired  /lib/security/pam_writ.so x # y\n").asks_writ());
        assert!(only("session optional pam_systemd.so").opens_session_of_logind());
        let included = Act::Include("common-account".to_owned());
        assert_eq!(only("@include common-account").act, included);
        assert_eq!(only("account substack common-account").act, included);
        let rule = only("account [success=1 \\\n  default=ignore] pam_unix.so\n");
        assert_eq!(rule.bytes, 0..51);
        assert!(matches!(rule.act, Act::Module { leaves: true, .. }));
        assert_eq!(parse("# account required pam_writ.so\n\n").unwrap(), []);
    }

    #[test]
    fn what_may_pass_over_the_rest_is_told_apart() {
        for (control, expected) in [
            ("required", false),
            ("requisite", false),
            ("optional", false),
            ("[success=ok default=bad]", false),
            ("[success=ok ignore=ignore default=die]", false),
            ("sufficient", true),
            ("binding", true),
            ("[success=done default=ignore]", true),
            ("[default=1]", true),
            ("[success=reset]", true),
            ("[success]", true),
        ] {
            let rule = only(&format!("account {control} pam_x.so"));
            assert!(
                matches!(rule.act, Act::Module { leaves, .. } if leaves == expected),
                "{control}"
            );
        }
    }

    #[test]
    fn what_pam_reads_in_two_ways_is_refused() {
        assert_eq!(parse("account required \\\n# x\n pam_x.so\n"), Err(StackError::Continued(2)));
        assert_eq!(parse("account required pam_x.so \\"), Err(StackError::Continued(1)));
        for line in
            ["acount required pam_x.so", "account", "account [a pam_x.so", "account required"]
        {
            assert_eq!(parse(line), Err(StackError::NoRule(1)), "{line}");
        }
    }
}
