//! The one line that a person sees while he waits, made to fit.

use std::time::Duration;

use writ_protocol::answers::Answer;
use writ_protocol::text;

use crate::SPEAKER;
use crate::width::{columns, cut};

/// How many of those who have looked at a request are named.
const SEEN_MAX: usize = 2;

/// What the person waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The request's ID.
    pub id: String,
    /// Who is asked.
    pub asked: Vec<String>,
    /// How many have approved.
    pub approvals: u32,
    /// How many must.
    pub needed: u32,
    /// Those of `asked` whose approval still counts.
    pub still_asked: Vec<String>,
    /// Who has looked at it and not answered.
    pub seen: Vec<String>,
    /// What else there is to know, such as that the hub cannot be reached.
    pub note: Option<String>,
}

impl Waiting {
    /// What an answer says, under the ID that is known.
    pub fn of(answer: Answer, id: Option<&str>) -> Self {
        Self {
            id: id.unwrap_or("request").to_owned(),
            asked: answer.asked,
            approvals: answer.approvals,
            needed: answer.needed,
            still_asked: answer.still_asked,
            seen: answer.seen,
            note: answer.message,
        }
    }

    /// The line that is kept up to date: at most `columns_max` columns; what
    /// matters least goes first.
    pub fn line(&self, left: Duration, columns_max: usize) -> String {
        let (left, seen) = (clock(left), self.seen());
        let last = self.note.as_deref().map_or("Ctrl-C leaves it open".to_owned(), text::shown);
        let lines = [
            format!("{}{seen} · {left} left · {last}", self.sentence(usize::MAX)),
            format!("{}{seen} · {left} left", self.sentence(usize::MAX)),
            format!("{}{seen} · {left} left", self.sentence(1)),
            format!("{} · {left} left", self.sentence(1)),
            format!("{} waiting · {left} left", self.id()),
        ]
        .map(|line| format!("{SPEAKER}{line}"));
        let [.., shortest] = &lines;
        let fitting = lines.iter().find(|line| columns(line) <= columns_max).unwrap_or(shortest);
        cut(fitting, columns_max)
    }

    /// The sentence that says it once, where there is no line to keep up to date.
    pub fn once(&self) -> String {
        let sentence = format!("{}{}", self.sentence(usize::MAX), self.seen());
        match &self.note {
            Some(note) => format!("{sentence}; {}", text::shown(note)),
            None => sentence,
        }
    }

    /// Who has looked at it, where somebody has.
    fn seen(&self) -> String {
        match self.seen.as_slice() {
            [] => String::new(),
            seen => format!(" · seen by {}", listed(seen, SEEN_MAX)),
        }
    }

    /// How many have approved is told where one is not enough; and who is left, where
    /// others of those who were asked are not.
    fn sentence(&self, names_max: usize) -> String {
        let (id, approvals, needed) = (self.id(), self.approvals, self.needed);
        let left = approvals > 0 && self.still_asked.len() < self.asked.len();
        if left && !self.still_asked.is_empty() {
            let still = listed(&self.still_asked, names_max);
            return format!("{id} waiting ({approvals} of {needed}; still needs one of {still})");
        }
        let asked = listed(&self.asked, names_max);
        if needed > 1 {
            format!("{id} waiting for {asked} ({approvals} of {needed})")
        } else {
            format!("{id} waiting for {asked}")
        }
    }

    fn id(&self) -> String {
        text::shown(&self.id)
    }
}

/// So many names at most, and how many more there are.
fn listed(names: &[String], names_max: usize) -> String {
    let shown: Vec<String> = names.iter().take(names_max).map(|name| text::shown(name)).collect();
    let more = names.len() - shown.len();
    match (shown.is_empty(), more) {
        (true, _) => "approval".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `4:32`, or `1:04:32`; a second that has begun counts.
fn clock(left: Duration) -> String {
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(asked: &[&str]) -> Waiting {
        Waiting {
            id: "7K3M-Q2".into(),
            asked: asked.iter().map(|name| (*name).to_owned()).collect(),
            approvals: 1,
            needed: 2,
            still_asked: asked.iter().map(|name| (*name).to_owned()).collect(),
            seen: vec![],
            note: None,
        }
    }

    #[test]
    fn what_else_there_is_to_know_is_told_where_there_is_room() {
        let note = Some("the hub cannot be reached".to_owned());
        let waiting = Waiting { note, ..waiting(&["bob"]) };
        assert_eq!(waiting.once(), "7K3M-Q2 waiting for bob (1 of 2); the hub cannot be reached");
        let left = Duration::from_secs(60);
        assert_eq!(
            waiting.line(left, 100),
            "writ: 7K3M-Q2 waiting for bob (1 of 2) · 1:00 left · the hub cannot be reached"
        );
        assert_eq!(waiting.line(left, 60), "writ: 7K3M-Q2 waiting for bob (1 of 2) · 1:00 left");
    }

    #[test]
    fn the_line_says_who_is_asked_and_how_long_is_left() {
        let line = waiting(&["@oncall"]).line(Duration::from_millis(271_500), 79);
        assert_eq!(
            line,
            "writ: 7K3M-Q2 waiting for @oncall (1 of 2) · 4:32 left · Ctrl-C leaves it open"
        );
    }

    #[test]
    fn a_narrow_terminal_keeps_what_matters() {
        let waiting = waiting(&["@oncall", "@managers", "bob"]);
        let left = Duration::from_secs(3_700);
        assert_eq!(
            waiting.line(left, 70),
            "writ: 7K3M-Q2 waiting for @oncall, @managers, bob (1 of 2) · 1:01:40 left"
                .replace(", @managers, bob", " and 2 more")
        );
        assert_eq!(waiting.line(left, 40), "writ: 7K3M-Q2 waiting · 1:01:40 left");
        for columns_max in 0..120 {
            assert!(columns(&waiting.line(left, columns_max)) <= columns_max);
        }
    }

    #[test]
    fn names_cannot_act_on_the_terminal() {
        assert!(!waiting(&["\u{1b}[2J"]).line(Duration::ZERO, 200).contains('\u{1b}'));
    }

    #[test]
    fn nothing_is_counted_where_one_approval_is_enough() {
        let waiting = Waiting { approvals: 0, needed: 1, ..waiting(&["bob"]) };
        assert_eq!(waiting.once(), "7K3M-Q2 waiting for bob");
        let line = waiting.line(Duration::from_secs(300), 79);
        assert_eq!(line, "writ: 7K3M-Q2 waiting for bob · 5:00 left · Ctrl-C leaves it open");
    }

    #[test]
    fn whose_approval_still_counts_is_told_where_that_of_others_does_not() {
        let both = waiting(&["@oncall", "@security"]);
        assert_eq!(both.once(), "7K3M-Q2 waiting for @oncall, @security (1 of 2)");
        let one = Waiting { still_asked: vec!["@security".to_owned()], ..both };
        assert_eq!(one.once(), "7K3M-Q2 waiting (1 of 2; still needs one of @security)");
        assert_eq!(
            one.line(Duration::from_secs(60), 79),
            "writ: 7K3M-Q2 waiting (1 of 2; still needs one of @security) · 1:00 left"
        );
    }

    #[test]
    fn who_has_looked_is_told_as_far_as_there_is_room() {
        let seen = ["bob", "car\u{1b}ol", "erin"].map(str::to_owned);
        let waiting = Waiting { approvals: 0, needed: 1, ..waiting(&["@oncall"]) };
        let waiting = Waiting { seen: seen[..1].to_vec(), ..waiting };
        let line = waiting.line(Duration::from_secs(299), 100);
        assert_eq!(
            line,
            "writ: 7K3M-Q2 waiting for @oncall · seen by bob · 4:59 left · Ctrl-C leaves it open"
        );
        assert_eq!(waiting.once(), "7K3M-Q2 waiting for @oncall · seen by bob");
        let all = Waiting { seen: seen.to_vec(), ..waiting };
        assert_eq!(all.once(), "7K3M-Q2 waiting for @oncall · seen by bob, car\\eol and 1 more");
        assert_eq!(
            all.line(Duration::from_secs(299), 50),
            "writ: 7K3M-Q2 waiting for @oncall · 4:59 left"
        );
    }

    #[test]
    fn it_is_said_once_where_there_is_no_terminal() {
        assert_eq!(waiting(&[]).once(), "7K3M-Q2 waiting for approval (1 of 2)");
    }
}
