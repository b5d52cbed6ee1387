//! What people read. Each sentence says what, why, and what to do.

use alloc::format;
use alloc::string::{String, ToString};

use crate::id::RequestId;
use crate::time::Span;

/// A span as a person says it, rounded up to whole seconds.
pub(super) fn span(span: Span) -> String {
    let seconds = span.0.div_ceil(1000);
    let (count, unit) = match seconds {
        0 => return "no time".to_string(),
        whole if whole % 3600 == 0 => (whole / 3600, "hour"),
        whole if whole % 60 == 0 => (whole / 60, "minute"),
        other => (other, "second"),
    };
    format!("{count} {unit}{}", plural(count))
}

pub(super) fn times(count: u32) -> String {
    match count {
        1 => "one run".to_string(),
        _ => format!("{count} runs"),
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// What somebody had to say, after a sentence.
pub(super) fn with_comment(sentence: &str, comment: Option<&str>) -> String {
    match comment {
        Some(comment) => format!("{sentence}: {comment}"),
        None => sentence.to_string(),
    }
}

pub(super) fn run_again(what: &str) -> String {
    format!("{what}; run the command again to ask anew")
}

pub(super) fn stands_no_more(id: RequestId) -> String {
    run_again(&format!("the permission {id} does not stand any more, or is not for this run"))
}
