//! A session of a service of PAM, as what it is.

use writ_engine::facts::{Aim, ServiceSession};
use writ_protocol::calls::{RunAs, Session};
use writ_protocol::text::{shown, shown_command};

use crate::sheet::Sheet;

/// A session of a question or a record in the form that it is listed in.
pub fn of(session: &ServiceSession) -> Session {
    let run_as = &session.run_as;
    Session {
        service: session.service.clone(),
        run_as: RunAs { user: run_as.user.clone(), uid: run_as.uid.0, group: run_as.group.clone() },
        typed: session.typed.clone(),
    }
}

/// The session, in brackets as no command is: its own would be quoted.
pub fn line(session: &Session) -> String {
    let opened =
        format!("(session {} as {})", shown(&session.service), shown(&session.run_as.user));
    match typed(&session.typed) {
        Some(typed) => format!("{opened} {typed}"),
        None => opened,
    }
}

/// The whole of it, for the person who decides.
pub fn lay_out(sheet: &mut Sheet, session: &ServiceSession) {
    sheet.strong_field("session", &format!("of {}", shown(&session.service)));
    let run_as = &session.run_as;
    sheet.field("as", &format!("{} ({})", shown(&run_as.user), run_as.uid.0));
    if let Some(typed) = typed(&session.typed) {
        sheet.field("typed", &format!("{typed} (the command line of its program)"));
    }
}

/// How something is known that came through PAM.
pub fn door(aim: &Aim) -> &'static str {
    match aim {
        Aim::Command(_) => "PAM (the command as sudo-rs or doas was called)",
        Aim::Session(_) | Aim::Window(_) => "PAM",
    }
}

fn typed(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| shown_command(words.iter().map(String::as_str)))
}
