//! What conditions are taken, and what they come to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed; clippy exempts only the functions under #[test]"
)]

use proptest::prelude::*;
use writ_conditions::{
    COMPREHENSIONS_MAX, Condition, Doubt, Fact, Facts, ITEMS_MAX, PARTS_MAX, ParseError, SIGNS_MAX,
    SOURCE_BYTES_MAX, TEXT_BYTES_MAX,
};

fn parse(source: &str) -> Condition {
    Condition::parse(source).unwrap_or_else(|error| panic!("{source}: {error}"))
}

fn refused(source: &str) -> ParseError {
    Condition::parse(source).expect_err(source)
}

/// alice from a terminal of 10.1.2.3 on a Wednesday, without a ticket.
fn facts() -> Facts<'static> {
    Facts::default()
        .with("user", Fact::Text("alice"))
        .with("groups", Fact::Texts(vec!["alice", "developers"]))
        .with("args", Fact::Texts(vec!["restart", "nginx"]))
        .with("tty", Fact::Truth(true))
        .with("source_ip", Fact::Text("10.1.2.3"))
        .with("hour", Fact::Number(14))
        .with("weekday", Fact::Text("Wed"))
        .with("date", Fact::Text("2026-11-25"))
}

#[test]
fn a_condition_is_about_the_facts() {
    for (source, holds) in [
        ("tty && source_ip.startsWith('10.')", true),
        ("in_network(source_ip, '10.1.0.0/16')", true),
        ("in_network(source_ip, '192.168.0.0/16')", false),
        ("user == 'alice' && 'developers' in groups", true),
        ("'root' in groups", false),
        ("hour >= 9 && hour < 18", true),
        ("weekday in ['Sat', 'Sun']", false),
        ("date >= '2026-12-20' ? false : true", true),
        ("args.all(word, !word.contains('..'))", true),
        ("args.exists(word, word == 'nginx')", true),
        ("args.exists_one(word, word.endsWith('nginx'))", true),
        ("size(args) == 2 && args[0] == 'restart'", true),
        ("!('ticket' in known)", true),
    ] {
        assert_eq!(parse(source).holds(&facts()), Ok(holds), "{source}");
    }
}

#[test]
fn a_missing_fact_is_a_doubt_unless_the_answer_does_not_hang_on_it() {
    let missing = Err(Doubt::Missing("ticket"));
    assert_eq!(parse("ticket.startsWith('OPS-')").holds(&facts()), missing);
    assert_eq!(parse("!ticket.startsWith('OPS-')").holds(&facts()), missing);
    assert_eq!(parse("tty && ticket == 'x'").holds(&facts()), missing);
    assert_eq!(parse("'ticket' in known && ticket == 'x'").holds(&facts()), Ok(false));
    assert_eq!(parse("tty || ticket == 'x'").holds(&facts()), Ok(true));
}

#[test]
fn what_is_too_long_is_a_doubt() {
    let many = vec!["x"; ITEMS_MAX + 1];
    let facts = Facts::default().with("args", Fact::Texts(many));
    let doubt = parse("args.exists(word, word == 'y')").holds(&facts).unwrap_err();
    assert!(matches!(doubt, Doubt::TooMany { name: "args", .. }), "{doubt}");
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    let facts = Facts::default().with("reason", Fact::Text(&long));
    let doubt = parse("reason == 'y'").holds(&facts).unwrap_err();
    assert!(matches!(doubt, Doubt::TooLong { name: "reason", .. }), "{doubt}");
    // Nobody is in doubt about what is not looked at.
    assert_eq!(parse("'reason' in known").holds(&facts), Ok(true));
}

#[test]
fn an_index_beyond_the_end_is_a_doubt() {
    assert!(matches!(parse("args[7] == 'x'").holds(&facts()), Err(Doubt::Failed(_))));
}

#[test]
fn names_functions_and_types_that_are_wrong_are_refused_when_it_is_read() {
    assert_eq!(refused("usr == 'alice'"), ParseError::UnknownName("usr".into()));
    assert_eq!(refused("user.matches('a*')"), ParseError::UnknownFunction("matches".into()));
    assert_eq!(refused("hour + 1 == 3"), ParseError::UnknownFunction("+".into()));
    assert_eq!(refused("user.name == 'x'"), ParseError::Field("name".into()));
    assert_eq!(refused("user in {'alice': 1}"), ParseError::Braces);
    for source in ["hour == 3 || user < 3", "tty && user.startsWith(3)", "false && hour < '3'"] {
        assert!(matches!(refused(source), ParseError::Type(_)), "{source}: {}", refused(source));
    }
    for source in ["hour", "user", "['a']", "tty ? 1 : 2"] {
        assert_eq!(refused(source), ParseError::NoTruth, "{source}");
    }
    assert!(matches!(refused("in_network(source_ip, '10.0.0.0/33')"), ParseError::Type(_)));
    for source in ["", "tty &&", "(tty", "tty tty"] {
        assert!(matches!(refused(source), ParseError::Syntax(_)), "{source}");
    }
}

#[test]
fn what_has_no_bound_is_refused() {
    let long = format!("user == '{}'", "x".repeat(SOURCE_BYTES_MAX));
    assert!(matches!(refused(&long), ParseError::TooLong(_)));
    let nested = "args.all(a, groups.all(b, a != b))";
    assert_eq!(refused(nested), ParseError::Nested);
    let loops = ["args.all(a, a != 'x')"; COMPREHENSIONS_MAX + 1].join(" && ");
    assert_eq!(refused(&loops), ParseError::Loops);
    for growing in ["args.map(a, args) == []", "size(args.filter(a, true)) > 1"] {
        assert!(matches!(refused(growing), ParseError::UnknownFunction(_)), "{growing}");
    }
    for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("-", ""), ("size(", ")")] {
        for times in [1, SIGNS_MAX, SIGNS_MAX + 1, 300] {
            // Refused or taken, and it never takes the stack.
            let taken =
                Condition::parse(&format!("{}tty{}", open.repeat(times), close.repeat(times)));
            assert!(times <= SIGNS_MAX || taken.unwrap_err() == ParseError::TooDeep, "{open}");
        }
    }
    assert_eq!(refused(&format!("{}tty", "tty ? tty : ".repeat(150))), ParseError::TooDeep);
    assert_eq!(refused(&vec!["tty"; 250].join("==")), ParseError::TooDeep);
    for operator in ["&&", "||", "==", "<", " in "] {
        let _ = Condition::parse(&vec!["tty"; 250].join(operator));
    }
    let parts = format!("user in [{}]", vec!["''"; PARTS_MAX].join(","));
    assert_eq!(refused(&parts), ParseError::TooManyParts);
}

#[test]
fn the_longest_evaluation_has_an_end() {
    let words: Vec<String> = (0..ITEMS_MAX).map(|n| format!("{}{n}", "x".repeat(200))).collect();
    let texts = || Fact::Texts(words.iter().map(String::as_str).collect());
    let facts = Facts::default().with("args", texts()).with("groups", texts());
    let condition = parse(&["args.all(a, a in groups)"; COMPREHENSIONS_MAX].join(" && "));
    let start = std::time::Instant::now();
    assert_eq!(condition.holds(&facts), Ok(true));
    // A debug build on a busy machine; optimised it is a few milliseconds.
    assert!(start.elapsed() < std::time::Duration::from_secs(2), "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn any_text_is_taken_or_refused(source: String) {
        let _ = Condition::parse(&source);
    }

    #[test]
    fn what_is_made_of_its_parts_is_taken_or_refused_and_evaluated(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "tty", "user", "args", "hour", "&&", "||", "!", "==", "in", "<", "(", ")", "[", "]",
                "'x'", "3", ".size()", ".all(a, ", "a", ",", "?", ":", ".startsWith('a')", "known",
            ]),
            1..12,
        )
    ) {
        if let Ok(condition) = Condition::parse(&parts.join(" ")) {
            let _ = condition.holds(&facts());
        }
    }
}
