//! Whom a question is for.

use crate::span::in_words;
use writ_protocol::answers::{Deputies, OnCall};
use writ_protocol::text::shown;

/// Who is asked and how many of them must approve; with `seats`, of whom how many each.
pub fn text<'a, N: AsRef<str> + 'a>(
    names: &[String],
    seats: impl IntoIterator<Item = (Vec<N>, u32)>,
    needed: u32,
) -> String {
    let seats: Vec<String> =
        seats.into_iter().map(|(from, count)| format!("{count} of {}", listed(&from))).collect();
    let names = if seats.is_empty() { listed(names) } else { seats.join(" and ") };
    match needed {
        0 | 1 => names,
        needed => format!("{names}; {needed} different people must approve"),
    }
}

/// Who is asked too, so long after the others.
pub fn later(after_ms: u64, names: &[String]) -> String {
    format!("after {} without an answer also {}", in_words(after_ms), listed(names))
}

/// Names, one after the other.
pub fn listed(names: &[impl AsRef<str>]) -> String {
    let names: Vec<String> = names.iter().map(|name| shown(name.as_ref())).collect();
    names.join(", ")
}

/// The seats of an answer of the agent.
pub fn seats(all_of: &[writ_protocol::answers::Seats]) -> Vec<(Vec<String>, u32)> {
    all_of.iter().map(|seats| (seats.from.clone(), seats.count)).collect()
}

/// Who of those who are asked is on call at a time ("now"), and who answers for whom, each
/// with its field.
pub fn standing(
    on_call: &[OnCall],
    deputies: &[Deputies],
    when: &str,
) -> Vec<(&'static str, String)> {
    let on_call = on_call.iter().map(|OnCall { team, who }| {
        let who = match who.as_slice() {
            [] => format!("nobody {when}, so that all of it is asked"),
            who => format!("{} {when}", listed(who)),
        };
        ("on call", format!("of @{}: {who}", shown(team)))
    });
    let away = deputies.iter().map(|Deputies { of, by }| {
        ("away", format!("{}, for whom {} may answer", shown(of), listed(by)))
    });
    on_call.chain(away).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_told_with_whom_they_are_for() {
        let names = ["@oncall", "@security"].map(str::to_owned);
        let seats = [(vec!["@oncall\u{1b}"], 1), (vec!["@security", "bob"], 2)];
        assert_eq!(
            text(&names, seats, 3),
            "1 of @oncall\\e and 2 of @security, bob; 3 different people must approve"
        );
        let none: [(Vec<&str>, u32); 0] = [];
        assert_eq!(text(&names, none, 1), "@oncall, @security");
    }
}
