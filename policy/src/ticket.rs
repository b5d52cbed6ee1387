//! What a ticket must look like.

use regex_lite::{Regex, RegexBuilder};
use writ_engine::policy::TicketPattern;

/// The most memory that a compiled pattern may take, in bytes.
const COMPILED_BYTES_MAX: usize = 64 * 1024;

/// The deepest nesting of groups in a pattern.
const NESTING_MAX: u32 = 20;

/// Compiles a regular expression that a whole ticket must match; `^` and `$` may
/// stand in it and change nothing.
pub(crate) fn pattern(source: &str) -> Result<TicketPattern, regex_lite::Error> {
    // Alone first: a stray `)` must not close the group that is put around it.
    compile(source)?;
    let whole = compile(&format!("^(?:{source})$"))?;
    Ok(TicketPattern::new(source.to_owned(), move |ticket| whole.is_match(ticket)))
}

fn compile(source: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(source).size_limit(COMPILED_BYTES_MAX).nest_limit(NESTING_MAX).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_ticket_matches_as_a_whole() {
        for source in ["^[A-Z]+-[0-9]+$", "[A-Z]+-[0-9]+", "X|OPS-[0-9]{1,9}"] {
            let pattern = pattern(source).unwrap();
            assert!(pattern.matches("OPS-42"), "{source}");
            for ticket in ["", "see OPS-42", "OPS-42 ", "OPS-42\n", "x\nOPS-42"] {
                assert!(!pattern.matches(ticket), "{source} {ticket:?}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_or_too_big_is_refused() {
        let deep = "(".repeat(30) + &")".repeat(30);
        for source in ["(", ")", "a)(b", "[", "a{100000}", deep.as_str()] {
            assert!(pattern(source).is_err(), "{source}");
        }
    }

    proptest! {
        #[test]
        fn any_pattern_is_compiled_or_refused(source: String) {
            let _ = pattern(&source);
        }
    }
}
