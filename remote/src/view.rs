//! How questions look that come by a hub.

use writ_desk::screen::Screen;
use writ_desk::span::{countdown, in_words};
use writ_desk::table::Table;
use writ_desk::view::question::whole;
use writ_engine::question::Question;
use writ_protocol::text::shown;

use crate::limits::{ANSWERS_SHOWN_MAX, CELL_CHARS_MAX, SUMMARY_CHARS_MAX, WATCHED_LINES_MAX};
use crate::question::{Checked, Given, Line, Lines};

/// A list, by the hub's word.
pub(crate) fn pending(lines: &Lines, screen: Screen) -> String {
    let mut table = Table::new(["ID", "HOST", "WHO", "SINCE", "LEFT"], "WHAT");
    for line in &lines.questions {
        table.row(
            [
                cut(&line.id, CELL_CHARS_MAX),
                cut(&line.host, CELL_CHARS_MAX),
                cut(&line.requester, CELL_CHARS_MAX),
                in_words(lines.now_ms.saturating_sub(line.received_ms)),
                countdown(line.closes_ms.saturating_sub(lines.now_ms)),
            ],
            vec![cut(&line.summary, SUMMARY_CHARS_MAX)],
        );
    }
    let mut text = table.render(screen);
    if lines.more > 0 {
        text.push_str(&format!("… and {} more\n", lines.more));
    }
    text
}

/// The whole question by what its host has signed, then how it stands, by the hub's word.
pub(crate) fn question(checked: &Checked, now_wall_ms: u64, screen: Screen) -> String {
    let question = &checked.question;
    let mut sheet = whole(question, screen);
    sheet.field("opened", &writ_desk::moment::local(question.opened_wall_ms.0));
    match left(question, now_wall_ms) {
        Some(left) => sheet.field("left", &countdown(left)),
        None => sheet.alarming_field("left", "nothing: it is over, by the clock of this machine"),
    }
    sheet.field("digest", &checked.digest.to_string());
    let key = format!("{}, known", checked.host_key.fingerprint());
    sheet.field("host key", &key);
    for given in checked.answers.iter().take(ANSWERS_SHOWN_MAX) {
        sheet.field("the hub", &format!("says that {}", answer(given)));
    }
    if let Some(over) = over(&checked.line) {
        sheet.alarming_field("the hub", &format!("says that it is over: {over}"));
    }
    sheet.into_text()
}

/// The same, no longer than fits beside others.
pub(crate) fn watched(checked: &Checked, now_wall_ms: u64, screen: Screen) -> String {
    let text = question(checked, now_wall_ms, screen);
    let all = text.lines().count();
    if all <= WATCHED_LINES_MAX {
        return text;
    }
    let mut some: Vec<&str> = text.lines().take(WATCHED_LINES_MAX).collect();
    let rest = format!("  … {} lines more, which `show` has", all - WATCHED_LINES_MAX);
    some.push(&rest);
    some.join("\n") + "\n"
}

/// How long a question still waits, by its own word; nothing where it does not any more.
pub(crate) fn left(question: &Question, now_wall_ms: u64) -> Option<u64> {
    let until = question.opened_wall_ms.0.saturating_add(question.timeout_ms.0);
    until.checked_sub(now_wall_ms).filter(|left| *left > 0)
}

/// How it ended, by the hub's word.
pub(crate) fn over(line: &Line) -> Option<String> {
    line.over_ms?;
    let outcome = line.outcome.as_deref().unwrap_or("nobody says how");
    let outcome = cut(outcome, CELL_CHARS_MAX);
    Some(match &line.by {
        Some(by) => format!("{outcome}, by {}", cut(by, CELL_CHARS_MAX)),
        None => outcome,
    })
}

fn answer(given: &Given) -> String {
    let verdict = match given.verdict.as_str() {
        "approve" => "approved".to_owned(),
        "deny" => "refused".to_owned(),
        other => format!("answered {}", cut(other, CELL_CHARS_MAX)),
    };
    let who = cut(&given.approver, CELL_CHARS_MAX);
    match (given.accepted, &given.why) {
        (Some(true), _) => format!("{who} {verdict}, and the host has taken it"),
        (Some(false), Some(why)) => {
            format!(
                "{who} {verdict}, and the host did not take it: {}",
                cut(why, SUMMARY_CHARS_MAX)
            )
        }
        (Some(false), None) => format!("{who} {verdict}, and the host did not take it"),
        (None, _) => format!("{who} {verdict}, which the host does not have yet"),
    }
}

/// Text of the hub's own, with nothing in it that acts, and cut where it is long.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    let mut kept: String = text.chars().take(chars_max).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    shown(&kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_the_hubs_does_nothing_and_is_bounded() {
        let line = Line {
            digest: "ab".repeat(32).try_into().unwrap(),
            host: "web-1\u{1b}]0;x\u{7}".to_owned(),
            id: "7K3M-Q2\n8ABC-DE".to_owned(),
            requester: "x".repeat(10_000),
            summary: "y".repeat(10_000),
            received_ms: 60_000,
            closes_ms: 0,
            over_ms: None,
            outcome: None,
            by: None,
        };
        let lines = Lines { now_ms: 120_000, more: 3, questions: vec![line] };
        let text = pending(&lines, Screen::plain(100));
        assert!(
            text.contains("web-1\\e]0;x\\u{7}") && text.contains("7K3M-Q2\\n8ABC-DE"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}') && text.len() < 4_000, "{text}");
        assert!(text.contains("1 min") && text.contains("0:00") && text.contains("3 more"));
    }

    #[test]
    fn what_the_hub_says_of_answers_is_told_as_its_word() {
        let given = |accepted, why: Option<&str>| Given {
            seq: 1,
            approver: "bob\u{1b}".to_owned(),
            verdict: "approve".to_owned(),
            accepted,
            why: why.map(str::to_owned),
        };
        assert_eq!(answer(&given(None, None)), "bob\\e approved, which the host does not have yet");
        let refused = answer(&given(Some(false), Some("over\n")));
        assert_eq!(refused, "bob\\e approved, and the host did not take it: over\\n");
    }
}
