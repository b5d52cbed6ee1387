//! What a question is about in a line, for lists and notices. It is for finding the question:
//! decisions are made on the question itself.

use writ_engine::facts::Aim;
use writ_engine::question::Question;
use writ_protocol::text::{shown, shown_command};

use crate::limits::SUMMARY_CHARS_MAX;

/// Who asks, as he is known.
pub(super) fn requester(question: &Question) -> String {
    let requester = &question.requester;
    let user = shown(&requester.user);
    match &requester.login_user {
        Some(login) if *login != requester.user => cut(&format!("{user} (login {})", shown(login))),
        _ => cut(&user),
    }
}

/// What for.
pub(super) fn aim(question: &Question) -> String {
    let what = match &question.aim {
        Aim::Command(command) => {
            let words = command.argv.iter().skip(1).map(String::as_str);
            let line = shown_command(std::iter::once(command.path.as_str()).chain(words));
            match command.action {
                writ_engine::facts::Action::Run => line,
                writ_engine::facts::Action::Edit => {
                    format!("edit {}", shown_command(command.argv.iter().map(String::as_str)))
                }
            }
        }
        Aim::Session(session) => {
            format!("{} as {}", shown(&session.service), shown(&session.run_as.user))
        }
        Aim::Window(window) => format!("role {}", shown(&window.role)),
    };
    match question.extends {
        Some(grant) => cut(&format!("{grant} longer: {what}")),
        None => cut(&what),
    }
}

/// Cut where it is long, which shows.
fn cut(text: &str) -> String {
    match text.char_indices().nth(SUMMARY_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
