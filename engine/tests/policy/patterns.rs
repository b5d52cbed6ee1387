//! Patterns of commands.

use proptest::prelude::*;
use writ_engine::policy::{CommandPattern, PATTERN_BYTES_MAX, PatternFault};

use crate::commands::{edit, run};

fn matches(pattern: &str, path: &str, arguments: &[&str]) -> bool {
    CommandPattern::parse(pattern).unwrap().matches(&run(path, arguments))
}

#[test]
fn words_are_matched_one_by_one() {
    assert!(matches("/bin/restart nginx", "/bin/restart", &["nginx"]));
    assert!(!matches("/bin/restart nginx", "/bin/restart", &[]));
    assert!(!matches("/bin/restart nginx", "/bin/restart", &["nginx", "--now"]));
    assert!(!matches("/bin/restart nginx", "/bin/restart", &["nginx --now"]));
    assert!(!matches("/bin/restart nginx", "/usr/bin/restart", &["nginx"]));
}

#[test]
fn a_star_is_exactly_one_argument_and_two_are_any_number() {
    assert!(matches("/bin/status *", "/bin/status", &["a/b c"]));
    assert!(!matches("/bin/status *", "/bin/status", &[]));
    assert!(!matches("/bin/status *", "/bin/status", &["a", "b"]));
    for arguments in [&[][..], &["a"], &["a", "../b"]] {
        assert!(matches("/bin/status **", "/bin/status", arguments));
    }
    assert!(!matches("/bin/status -x **", "/bin/status", &[]));
}

#[test]
fn a_glob_does_not_cross_a_slash() {
    assert!(matches("/bin/cat /var/log/*", "/bin/cat", &["/var/log/syslog"]));
    assert!(!matches("/bin/cat /var/log/*", "/bin/cat", &["/var/log/apt/history"]));
    assert!(!matches("/bin/cat /var/log/*", "/bin/cat", &["/var/log/a", "/etc/shadow"]));
    assert!(!matches("/bin/cat /var/log/*", "/bin/cat", &["/var/log/a /etc/shadow"]));
    assert!(matches("/bin/cat /var/log?syslog", "/bin/cat", &["/var/log-syslog"]));
    assert!(!matches("/bin/cat /var/log?syslog", "/bin/cat", &["/var/log/syslog"]));
    assert!(matches("/opt/*/bin/run-??", "/opt/app/bin/run-ab", &[]));
    assert!(matches("/bin/a *x*y*", "/bin/a", &["1x2x3y"]));
    assert!(!matches("/bin/a *x*y*", "/bin/a", &["1y2x3"]));
}

#[test]
fn a_word_that_climbs_matches_no_glob() {
    assert!(!matches("/bin/cat /var/log/*", "/bin/cat", &["/var/log/.."]));
    assert!(!matches("/bin/cat /var/*/x", "/bin/cat", &["/var/../x"]));
    assert!(matches("/bin/cat /var/*/x", "/bin/cat", &["/var/..a/x"]));
    assert!(matches("/bin/cat /var/../x", "/bin/cat", &["/var/../x"]));
}

#[test]
fn quotes_and_backslashes_take_signs_as_they_are() {
    assert!(matches("/bin/echo 'a b' \\* c\\ d", "/bin/echo", &["a b", "*", "c d"]));
    assert!(matches("/bin/echo ''", "/bin/echo", &[""]));
    assert!(matches("/bin/echo a'*'b", "/bin/echo", &["a*b"]));
    assert!(!matches("/bin/echo '*'", "/bin/echo", &["x"]));
    // A backslash stands doubled in the wire's form.
    assert!(matches("/bin/echo 'a\\b'", "/bin/echo", &["a\\\\b"]));
}

#[test]
fn an_escaped_byte_is_one_character_and_never_half_matched() {
    assert!(matches("/bin/echo a?b", "/bin/echo", &["a\\xffb"]));
    assert!(matches("/bin/echo a?b", "/bin/echo", &["a\\\\b"]));
    assert!(!matches("/bin/echo *xff", "/bin/echo", &["\\xff"]));
    assert!(matches("/bin/echo *", "/bin/echo", &["\\xff"]));
}

#[test]
fn all_is_any_command_and_any_edit() {
    let all = CommandPattern::parse("ALL").unwrap();
    assert!(all.matches(&run("/bin/x", &["y"])) && all.matches(&edit(&["/etc/hosts"])));
    assert!(!CommandPattern::parse("/bin/sh **").unwrap().matches(&edit(&["/etc/hosts"])));
}

#[test]
fn an_edit_is_of_exactly_those_files() {
    let hosts = CommandPattern::parse("sudoedit /etc/hosts").unwrap();
    assert!(hosts.matches(&edit(&["/etc/hosts"])));
    assert!(!hosts.matches(&edit(&["/etc/hosts", "/etc/shadow"])));
    assert!(!hosts.matches(&run("/usr/bin/sudoedit", &["/etc/hosts"])));
    assert!(CommandPattern::parse("sudoedit **").unwrap().matches(&edit(&["/a", "/b"])));
    assert!(!CommandPattern::parse("sudoedit /etc/*").unwrap().matches(&edit(&["/etc/../root/x"])));
}

#[test]
fn a_bad_pattern_is_refused_with_its_place() {
    use PatternFault::*;
    for (text, offset, fault) in [
        ("", 0, Empty),
        ("   ", 0, Empty),
        ("ls -l", 0, NotAbsolute("ls".into())),
        ("** x", 0, RestInTheMiddle),
        ("**", 0, NotAbsolute("**".into())),
        ("ALL x", 4, AfterAll),
        ("ALL **", 0, AfterAll),
        ("sudoedit", 0, NoFiles),
        ("/bin/", 0, NoCommandPath),
        ("/bin/../x", 0, NoCommandPath),
        ("/bin/x ** y", 7, RestInTheMiddle),
        ("/bin/x a**", 8, RestInsideWord),
        ("/bin/x [ab]", 7, Set),
        ("/bin/x \"a\"", 7, DoubleQuote),
        ("/bin/x 'a", 7, OpenQuote),
        ("/bin/x \\n", 7, Escape),
        ("/bin/x a\\", 8, Escape),
    ] {
        let error = CommandPattern::parse(text).unwrap_err();
        assert_eq!((error.offset, &error.fault), (offset, &fault), "{text:?}: {error}");
    }
    let long = format!("/{}", "x".repeat(PATTERN_BYTES_MAX));
    assert!(CommandPattern::parse(&long).is_err());
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Words of printable characters; no backslash, which the wire doubles.
fn word() -> impl Strategy<Value = String> {
    "[ -\\[\\]-~é]{0,8}"
}

proptest! {
    #[test]
    fn reading_a_pattern_never_panics(text: String) {
        let _ = CommandPattern::parse(&text);
    }

    #[test]
    fn matching_never_panics(pattern in "/[a-z*?/]{1,12}( [a-z*?/.]{1,8}){0,3}", words: Vec<String>) {
        if let Ok(pattern) = CommandPattern::parse(&pattern) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let _ = pattern.matches(&run("/bin/x", &words));
        }
    }

    #[test]
    fn a_quoted_command_matches_itself_and_nothing_else(
        words in prop::collection::vec(word(), 0..4),
        others in prop::collection::vec(word(), 0..4),
    ) {
        let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let pattern = CommandPattern::parse(&format!("/bin/x {}", quoted.join(" "))).unwrap();
        let given = |words: &[String]| {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            run("/bin/x", &words)
        };
        prop_assert!(pattern.matches(&given(&words)));
        prop_assert_eq!(pattern.matches(&given(&others)), words == others);
    }

    #[test]
    fn nothing_matches_across_words(
        stars in 0_usize..4,
        words in prop::collection::vec("[a-z /*]{1,6}", 0..6),
    ) {
        let pattern = CommandPattern::parse(&format!("/bin/x{}", " *".repeat(stars))).unwrap();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        prop_assert_eq!(pattern.matches(&run("/bin/x", &words)), words.len() == stars);
    }

    #[test]
    fn a_glob_never_matches_what_it_must_not(word in "(/|[a-c.]){0,8}") {
        let pattern = CommandPattern::parse("/bin/x a*c").unwrap();
        let matched = pattern.matches(&run("/bin/x", &[&word]));
        let inner = word.strip_prefix('a').and_then(|rest| rest.strip_suffix('c'));
        prop_assert_eq!(matched, inner.is_some_and(|inner| !inner.contains('/')));
    }
}

#[test]
fn a_wider_pattern_covers_a_narrower_one() {
    let covers = |ours: &str, theirs: &str| {
        let parse = |text: &str| CommandPattern::parse(text).unwrap();
        parse(ours).covers(&parse(theirs))
    };
    for (ours, theirs) in [
        ("ALL", "sudoedit /etc/hosts"),
        ("/bin/a **", "/bin/a x y **"),
        ("/bin/a *", "/bin/a /v/x"),
        ("/bin/a /v/*", "/bin/a /v/x?"),
        ("/bin/a /v/*a*", "/bin/a /v/?a"),
        ("/bin/*", "/bin/a"),
    ] {
        assert!(covers(ours, theirs), "{ours} over {theirs}");
    }
    for (ours, theirs) in [
        ("/bin/a *", "/bin/a **"),
        ("/bin/a /v/?", "/bin/a /v/*"),
        ("/bin/a /v/*", "/bin/a *"),
        ("/bin/a /v/*", "/bin/a /v/.."),
        ("/bin/a /v/*", "/bin/a /v/x/y"),
        ("sudoedit /etc/*", "/bin/a /etc/hosts"),
    ] {
        assert!(!covers(ours, theirs), "{ours} over {theirs}");
    }
}

#[test]
fn a_pattern_is_as_long_as_it_may_be_and_comes_back_as_it_stands() {
    let longest = format!("/bin/{}", "a".repeat(PATTERN_BYTES_MAX - 5));
    assert_eq!(CommandPattern::parse(&longest).unwrap().source(), longest);
    let longer = format!("{longest}a");
    let refused = CommandPattern::parse(&longer).unwrap_err();
    assert_eq!(refused.fault, PatternFault::TooLong(PATTERN_BYTES_MAX + 1));
}

#[test]
fn a_backslash_in_a_glob_is_a_backslash_and_nothing_else() {
    for (word, fits) in
        [("a\\\\x", true), ("\\\\x", true), ("a/x", false), ("abx", false), ("\\x41x", false)]
    {
        assert_eq!(matches("/bin/a *\\\\x", "/bin/a", &[word]), fits, "{word}");
    }
}
