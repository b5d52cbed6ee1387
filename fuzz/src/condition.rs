//! Conditions of rules.

use std::time::{Duration, Instant};

use writ_conditions::{Condition, Fact, Facts};

use crate::lossy;

/// Far longer than any takes (well below a millisecond), and short enough that one
/// without a bound is found.
const EVALUATED_WITHIN: Duration = Duration::from_secs(2);

/// What is taken is answered in bounded time, whatever the facts are, and the same
/// twice. The first line is the expression, what follows goes into the facts.
pub fn run(data: &[u8]) {
    let said = lossy(data);
    let (source, rest) = said.split_once('\n').unwrap_or((&said, ""));
    let Ok(condition) = Condition::parse(source) else { return };
    let words: Vec<&str> = rest.split('\n').collect();
    let first = words.first().copied().unwrap_or_default();
    let some = Facts::default()
        .with("user", Fact::Text(first))
        .with("groups", Fact::Texts(words.clone()))
        .with("tags", Fact::Texts(words.clone()))
        .with("args", Fact::Texts(words))
        .with("command", Fact::Text(rest))
        .with("source_ip", Fact::Text(first))
        .with("reason", Fact::Text(rest))
        .with("tty", Fact::Truth(true))
        .with("interactive", Fact::Truth(false))
        .with("hour", Fact::Number(23))
        .with("weekday", Fact::Text("Mon"))
        .with("date", Fact::Text("2026-11-24"));
    let begun = Instant::now();
    for facts in [Facts::default(), some] {
        let (once, twice) = (condition.holds(&facts), condition.holds(&facts));
        assert_eq!(once.is_ok(), twice.is_ok(), "{source}");
        assert_eq!(once.ok(), twice.ok(), "{source}");
    }
    assert!(begun.elapsed() < EVALUATED_WITHIN, "{source} took {:?}", begun.elapsed());
}
