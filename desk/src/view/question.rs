//! A whole question, laid out for the person who decides.

use writ_engine::facts::{Aim, Command, Door};
use writ_engine::question::Question;
use writ_protocol::text::{shown, shown_command};

use crate::moment::local;
use crate::screen::Screen;
use crate::sheet::Sheet;
use crate::span::in_words;
use crate::view::{asked, command, session, window};

/// The question from its text alone, for who is on another machine.
pub fn carried(question: &Question, digest: &str, screen: Screen) -> String {
    let mut sheet = whole(question, screen);
    sheet.field("opened", &local(question.opened_wall_ms.0));
    sheet.field("timeout", &in_words(question.timeout_ms.0));
    sheet.field("digest", digest);
    sheet.into_text()
}

/// All that the text says, but for when it was asked.
#[must_use]
pub fn whole(question: &Question, screen: Screen) -> Sheet {
    let mut sheet = Sheet::new(screen);
    sheet.title(&format!("{} on {}", question.id, shown(&question.host)));
    sheet.field("who", &who(question));
    sheet.field("from", &whence(question));
    if let Some(grant) = question.extends {
        let longer = in_words(question.lasts_ms.0);
        sheet.strong_field("extends", &format!("{grant} is to stand {longer} longer"));
    }
    match &question.aim {
        Aim::Command(command) => what_runs(&mut sheet, question, command),
        Aim::Session(session) => session::lay_out(&mut sheet, session),
        Aim::Window(window) => window::lay_out(&mut sheet, window, &question.requester.user),
    }
    sheet.field_if("reason", question.reason.as_deref());
    sheet.field_if("ticket", question.ticket.as_deref());
    if let Some(rule) = rule(question) {
        sheet.field("rule", &rule);
    }
    if let Some(doubt) = &question.doubt {
        sheet
            .strong_field("doubt", &format!("its condition cannot be evaluated: {}", shown(doubt)));
    }
    sheet.field("asked", &asked(question));
    for step in &question.escalate {
        let later = asked::later(step.after_ms.0, &step.asked);
        sheet.field("then", &later);
    }
    if question.self_approval {
        let user = shown(&question.requester.user);
        sheet.strong_field("self", &format!("{user} may approve it, where one of these people"));
    }
    sheet.field("grants", &grants(question));
    sheet
}

fn what_runs(sheet: &mut Sheet, question: &Question, command: &Command) {
    let command = command::of(command);
    sheet.strong_field("command", &command::line(&command));
    if let Some(name) = command::other_name(&command) {
        sheet.field("called as", &name);
    }
    if let Some(danger) = command::danger(&command) {
        sheet.alarming_field("beware", &danger);
    }
    sheet.field("in", &shown_command([command.cwd.as_str()]));
    let run_as = command::run_as(&command);
    sheet.field("as", &format!("{run_as} ({})", command.run_as.uid));
    if let Some(sha256) = &question.sha256 {
        sheet.field("sha256", &shown(sha256));
    }
}

/// Who asks, by every account that he is known by.
fn who(question: &Question) -> String {
    let requester = &question.requester;
    let acts_as = format!("{} ({})", shown(&requester.user), requester.uid.0);
    let known = [Some(requester.uid), requester.login_uid];
    let session = requester.session_uid.filter(|uid| !known.contains(&Some(*uid)));
    let session =
        session.map_or_else(String::new, |uid| format!(", in a session of user number {}", uid.0));
    let login = match (&requester.login_user, requester.login_uid) {
        (Some(login), Some(uid)) if uid != requester.uid => {
            format!(", logged in as {} ({})", shown(login), uid.0)
        }
        (None, Some(uid)) if uid != requester.uid => {
            format!(", logged in as user number {}", uid.0)
        }
        _ => String::new(),
    };
    format!("{acts_as}{login}{session}")
}

fn whence(question: &Question) -> String {
    let door = match (question.door, question.extends) {
        (Door::Sudo, _) => "sudo",
        (Door::Pam, _) => session::door(&question.aim),
        (Door::Writ, None) => "writ request",
        (Door::Writ, Some(_)) => "writ extend",
    };
    let tty = question.tty.as_deref().map_or("no terminal".to_owned(), shown);
    match &question.source_ip {
        Some(address) => format!("{door}, {tty}, logged in from {}", shown(address)),
        None => format!("{door}, {tty}"),
    }
}

/// What in the policy asks; a window is asked about by its role, which is said above.
fn rule(question: &Question) -> Option<String> {
    let whole = question.aim.window().map(|window| &window.role);
    match (&question.role, &question.rule) {
        (Some(role), Some(rule)) => Some(format!("{} of role {}", shown(rule), shown(role))),
        (Some(role), None) if whole == Some(role) => None,
        (Some(role), None) => Some(format!("role {}", shown(role))),
        (None, _) => Some("no role speaks of it (unmatched = \"ask\")".to_owned()),
    }
}

fn asked(question: &Question) -> String {
    let seats = question.all_of.iter().map(|seats| {
        let from: Vec<String> = seats.from.iter().map(ToString::to_string).collect();
        (from, seats.count)
    });
    let asked = match question.needed {
        0 => "nobody: the policy allows it".to_owned(),
        needed => asked::text(&question.asked, seats, needed),
    };
    match (question.reauth, question.signed) {
        (_, true) => format!("{asked}; only signed answers approve"),
        (true, false) => format!("{asked}; who approves proves who he is first"),
        (false, false) => asked,
    }
}

fn grants(question: &Question) -> String {
    let within = in_words(question.lasts_ms.0);
    match (&question.aim, question.extends, question.uses) {
        (_, Some(_), _) => format!("{within} more, from its present end on"),
        (Aim::Window(_), None, _) => format!("{within} of it, for any number of commands"),
        (Aim::Session(_), None, 1) => format!("one session, which ends within {within}"),
        (Aim::Session(_), None, uses) => format!("{uses} sessions, which end within {within}"),
        (Aim::Command(_), None, 1) => format!("one run within {within}"),
        (Aim::Command(_), None, uses) => format!("{uses} runs within {within}"),
    }
}
