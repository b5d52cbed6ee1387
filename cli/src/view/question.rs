//! A whole question, laid out for the person who decides.

use std::fmt::Write;

use writ_engine::facts::{Action, Door};
use writ_engine::question::Question;
use writ_protocol::answers::{Request, RequestState};
use writ_protocol::calls;
use writ_protocol::text::{shown, shown_command};

use crate::question::CheckedQuestion;
use crate::screen::{Screen, columns_of, wrap};
use crate::span::{countdown, in_words};
use crate::view::{command, listing};

/// The column in which values begin.
const VALUE_COLUMN: usize = 12;

/// The question from its text, then how it stands.
pub(crate) fn text(checked: &CheckedQuestion, screen: Screen) -> String {
    let question = &checked.question;
    let mut sheet = Sheet::new(screen);
    sheet.title(&format!("{} on {}", question.id, shown(&question.host)));
    sheet.field("who", &who(question));
    sheet.field("from", &whence(question));
    what_runs(&mut sheet, question);
    sheet.field_if("reason", question.reason.as_deref());
    sheet.field_if("ticket", question.ticket.as_deref());
    sheet.field("rule", &rule(question));
    sheet.field("asked", &asked(question));
    sheet.field("grants", &grants(question));
    stands(&mut sheet, &checked.request);
    sheet.field("digest", &checked.digest);
    sheet.text
}

fn what_runs(sheet: &mut Sheet, question: &Question) {
    let command = as_protocol(question);
    let line = command::line(&command);
    sheet.strong_field("command", &line);
    if let Some(name) = command::other_name(&command) {
        sheet.field("called as", &name);
    }
    sheet.field("in", &shown_command([question.cwd.as_str()]));
    let run_as = command::run_as(&command);
    sheet.field("as", &format!("{run_as} ({})", question.run_as.uid.0));
    if let Some(sha256) = &question.sha256 {
        sheet.field("sha256", &shown(sha256));
    }
}

/// The command in the form that both listings and questions are shown in.
fn as_protocol(question: &Question) -> calls::Command {
    calls::Command {
        path: question.path.clone(),
        argv: question.argv.clone(),
        cwd: question.cwd.clone(),
        run_as: calls::RunAs {
            user: question.run_as.user.clone(),
            uid: question.run_as.uid.0,
            group: question.run_as.group.clone(),
        },
        edit: question.action == Action::Edit,
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
    let door = match question.door {
        Door::Sudo => "sudo",
        Door::Writ => "writ request",
    };
    let tty = question.tty.as_deref().map_or("no terminal".to_owned(), shown);
    match &question.source_ip {
        Some(address) => format!("{door}, {tty}, logged in from {}", shown(address)),
        None => format!("{door}, {tty}"),
    }
}

fn rule(question: &Question) -> String {
    match (&question.role, &question.rule) {
        (Some(role), Some(rule)) => format!("{} of role {}", shown(rule), shown(role)),
        (Some(role), None) => format!("role {}", shown(role)),
        (None, _) => "no role speaks of it (unmatched = \"ask\")".to_owned(),
    }
}

fn asked(question: &Question) -> String {
    let names: Vec<String> = question.asked.iter().map(|name| shown(name)).collect();
    let names = names.join(", ");
    match question.needed {
        1 => names,
        needed => format!("{names}; {needed} different people must approve"),
    }
}

fn grants(question: &Question) -> String {
    let within = in_words(question.lasts_ms.0);
    match question.uses {
        1 => format!("one run within {within}"),
        uses => format!("{uses} runs within {within}"),
    }
}

fn stands(sheet: &mut Sheet, request: &Request) {
    let left = countdown(request.remaining_ms);
    let uses = match request.uses_left {
        1 => "one run".to_owned(),
        uses => format!("{uses} runs"),
    };
    let state = match request.state {
        RequestState::Pending => format!("waiting, {left} left"),
        RequestState::Granted => format!("granted, {left} and {uses} left"),
        RequestState::Running => format!("running, {left} and {uses} left"),
    };
    sheet.field("state", &state);
    for decision in &request.decisions {
        sheet.field("decision", &listing::decision(decision));
    }
}

/// Labels and values, one under the other.
struct Sheet {
    text: String,
    screen: Screen,
}

impl Sheet {
    fn new(screen: Screen) -> Self {
        Self { text: String::new(), screen }
    }

    fn title(&mut self, title: &str) {
        // Writing to a String does not fail, here and below.
        let _ = writeln!(self.text, "{}", self.screen.strong(title));
    }

    fn field(&mut self, label: &str, value: &str) {
        self.lines(label, value, |_, line| line.to_owned());
    }

    fn strong_field(&mut self, label: &str, value: &str) {
        self.lines(label, value, Screen::strong);
    }

    /// A value that somebody else typed, where there is one.
    fn field_if(&mut self, label: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.field(label, &shown(value));
        }
    }

    fn lines(&mut self, label: &str, value: &str, paint: impl Fn(Screen, &str) -> String) {
        let width = self.screen.width.saturating_sub(VALUE_COLUMN);
        let mut label = format!("  {label}");
        for line in wrap(value, width) {
            let padding = VALUE_COLUMN.saturating_sub(columns_of(&label));
            let line = paint(self.screen, &line);
            let _ = writeln!(self.text, "{}{:padding$}{line}", self.screen.faint(&label), "");
            label.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use writ_engine::facts::{RunAs, Uid};
    use writ_engine::question::{QUESTION_VERSION, Requester, digest};
    use writ_engine::time::{Span, WallTime};
    use writ_protocol::answers::Decision;
    use writ_protocol::calls::Verdict;

    fn checked() -> CheckedQuestion {
        let question = Question {
            version: QUESTION_VERSION,
            host: "web-1".to_owned(),
            id: "7K3M-Q2".parse().unwrap(),
            requester: Requester {
                user: "alice".to_owned(),
                uid: Uid(1000),
                login_user: Some("carol".to_owned()),
                login_uid: Some(Uid(1002)),
                session_uid: Some(Uid(1002)),
            },
            door: Door::Sudo,
            action: Action::Run,
            path: "/usr/bin/systemctl".to_owned(),
            argv: ["systemctl", "restart", "nginx\u{1b}[2J\u{202e}"].map(str::to_owned).to_vec(),
            cwd: "/home/alice".to_owned(),
            run_as: RunAs { user: "root".to_owned(), uid: Uid(0), group: None },
            sha256: Some("ab".repeat(32)),
            tty: Some("/dev/pts/3".to_owned()),
            source_ip: Some("10.0.0.7".to_owned()),
            role: Some("web-operator".to_owned()),
            rule: Some("restart".to_owned()),
            reason: Some("it hangs\nas: nobody".to_owned()),
            ticket: Some("OPS-4".to_owned()),
            asked: vec!["@oncall".to_owned()],
            needed: 2,
            opened_wall_ms: WallTime(1_795_475_525_000),
            timeout_ms: Span::from_secs(300),
            lasts_ms: Span::from_secs(3600),
            uses: 1,
        };
        let text = question.text().unwrap();
        let request = Request {
            id: "7K3M-Q2".to_owned(),
            state: RequestState::Pending,
            user: "alice".to_owned(),
            uid: 1000,
            login_user: None,
            login_uid: None,
            host: "web-1".to_owned(),
            door: "sudo".to_owned(),
            role: None,
            rule: None,
            command: as_protocol(&question),
            reason: None,
            ticket: None,
            tty: None,
            source_ip: None,
            asked: vec![],
            needed: 2,
            decisions: vec![Decision {
                by: "bob".to_owned(),
                verdict: Verdict::Approve,
                comment: Some("fine".to_owned()),
                wall_ms: 1_795_475_530_000,
            }],
            opened_wall_ms: 1_795_475_525_000,
            remaining_ms: 272_000,
            uses_left: 1,
            running: 0,
            digest: digest(&text),
            may_decide: true,
            why_not: None,
        };
        CheckedQuestion { question, digest: "cd".repeat(32), request }
    }

    #[test]
    fn the_whole_question_is_laid_out_with_nothing_hidden() {
        let expected = format!(
            "7K3M-Q2 on web-1
  who       alice (1000), logged in as carol (1002)
  from      sudo, /dev/pts/3, logged in from 10.0.0.7
  command   /usr/bin/systemctl restart 'nginx\\e[2J\\u{{202e}}'
  in        /home/alice
  as        root (0)
  sha256    {}
  reason    it hangs\\nas: nobody
  ticket    OPS-4
  rule      restart of role web-operator
  asked     @oncall; 2 different people must approve
  grants    one run within 1 h
  state     waiting, 4:32 left
  decision  bob approved: fine
  digest    {}
",
            "ab".repeat(32),
            "cd".repeat(32)
        );
        assert_eq!(text(&checked(), Screen::plain(100)), expected);
    }

    #[test]
    fn a_long_command_is_wrapped_and_never_cut() {
        let mut checked = checked();
        checked.question.argv = vec!["systemctl".to_owned(), "x".repeat(300)];
        let text = text(&checked, Screen::plain(60));
        assert_eq!(text.matches('x').count(), 300);
        assert!(text.lines().all(|line| columns_of(line) <= 60 || line.contains("sha256")));
    }
}
