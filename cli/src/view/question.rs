//! A whole question, laid out for the person who decides.

use writ_engine::facts::{Aim, Command, Door};
use writ_engine::question::Question;
use writ_protocol::answers::{Request, RequestState};
use writ_protocol::text::{shown, shown_command};

use crate::moment::local;
use crate::question::CheckedQuestion;
use crate::screen::Screen;
use crate::sheet::Sheet;
use crate::span::{countdown, in_words};
use crate::view::{asked, command, listing, session, window};

/// The question from its text, then how it stands.
pub(crate) fn text(checked: &CheckedQuestion, screen: Screen) -> String {
    let mut sheet = whole(&checked.question, screen);
    stands(&mut sheet, &checked.question, &checked.request);
    sheet.field("digest", &checked.digest);
    sheet.into_text()
}

/// The question from its text alone, for who is on another machine.
pub(crate) fn carried(question: &Question, digest: &str, screen: Screen) -> String {
    let mut sheet = whole(question, screen);
    sheet.field("opened", &local(question.opened_wall_ms.0));
    sheet.field("timeout", &in_words(question.timeout_ms.0));
    sheet.field("digest", digest);
    sheet.into_text()
}

fn whole(question: &Question, screen: Screen) -> Sheet {
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

fn stands(sheet: &mut Sheet, question: &Question, request: &Request) {
    let left = countdown(request.remaining_ms);
    let state = match (request.state, &question.aim) {
        (RequestState::Pending, _) => format!("waiting, {left} left"),
        (RequestState::Granted, Aim::Window(_)) => format!("open, {left} left"),
        (RequestState::Running, Aim::Window(_)) => {
            format!("open, {left} left, {} running", request.running)
        }
        (RequestState::Granted, Aim::Command(_) | Aim::Session(_)) => {
            format!("granted, {left} and {} left", uses_left(request))
        }
        (RequestState::Running, Aim::Command(_) | Aim::Session(_)) => {
            format!("running, {left} and {} left", uses_left(request))
        }
    };
    sheet.field("state", &state);
    if request.state == RequestState::Pending && !request.seen.is_empty() {
        sheet.field("seen by", &listing::seen(request));
    }
    for decision in &request.decisions {
        sheet.field("decision", &listing::decision(decision));
    }
}

fn uses_left(request: &Request) -> String {
    match request.uses_left {
        1 => "one run".to_owned(),
        uses => format!("{uses} runs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::columns_of;
    use writ_engine::facts::{Action, OnEnd, RunAs, Uid, Window};
    use writ_engine::question::{QUESTION_VERSION, Requester, digest};
    use writ_engine::time::{Span, WallTime};
    use writ_protocol::answers::{Decision, Seen};
    use writ_protocol::calls::Verdict;

    fn restart(units: &[&str]) -> Command {
        let words = ["systemctl", "restart"].iter().chain(units);
        Command {
            path: "/usr/bin/systemctl".to_owned(),
            argv: words.map(|word| (*word).to_owned()).collect(),
            cwd: "/home/alice".to_owned(),
            run_as: RunAs { user: "root".to_owned(), uid: Uid(0), group: None },
            action: Action::Run,
        }
    }

    fn window() -> Window {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Window {
            role: "packet-capture\u{1b}[2J".to_owned(),
            groups: [("wireshark\nas: nobody".to_owned(), 977)].into(),
            actions: [].into(),
            capabilities: names(&["CAP_NET_RAW", "CAP_SYS_ADMIN"]),
            root_equivalent: names(&["CAP_SYS_ADMIN"]),
            on_end: OnEnd::Terminate,
            end_on_logout: true,
        }
    }

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
            aim: Aim::Command(restart(&["nginx\u{1b}[2J\u{202e}"])),
            extends: None,
            sha256: Some("ab".repeat(32)),
            tty: Some("/dev/pts/3".to_owned()),
            source_ip: Some("10.0.0.7".to_owned()),
            role: Some("web-operator".to_owned()),
            rule: Some("restart".to_owned()),
            doubt: None,
            reason: Some("it hangs\nas: nobody".to_owned()),
            ticket: Some("OPS-4".to_owned()),
            asked: vec!["@oncall".to_owned()],
            needed: 2,
            all_of: vec![],
            escalate: vec![],
            self_approval: false,
            opened_wall_ms: WallTime(1_795_475_525_000),
            timeout_ms: Span::from_secs(300),
            lasts_ms: Span::from_secs(3600),
            uses: 1,
            reauth: false,
            signed: false,
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
            command: question.aim.command().map(command::of),
            session: question.aim.session().map(session::of),
            window: None,
            extends: None,
            reason: None,
            ticket: None,
            tty: None,
            source_ip: None,
            asked: vec![],
            needed: 2,
            seen: vec![Seen { by: "ca\u{1b}rol".to_owned(), wall_ms: 1_795_475_526_000 }],
            decisions: vec![Decision {
                by: "bob".to_owned(),
                in_place_of: Some("er\u{1b}in".to_owned()),
                self_approval: false,
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
  seen by   ca\\erol
  decision  bob, for er\\ein, approved: fine
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
        checked.question.aim = Aim::Command(restart(&["x".repeat(300).as_str()]));
        let text = text(&checked, Screen::plain(60));
        assert_eq!(text.matches('x').count(), 300);
        assert!(text.lines().all(|line| columns_of(line) <= 60 || line.contains("sha256")));
    }

    #[test]
    fn a_window_is_laid_out_as_what_it_is() {
        let mut checked = checked();
        let question = &mut checked.question;
        question.aim = Aim::Window(window());
        (question.role, question.rule) = (Some(window().role), None);
        (question.door, question.sha256, question.uses) = (Door::Writ, None, 0);
        let text = text(&checked, Screen::plain(100));
        let expected = "  from      writ request, /dev/pts/3, logged in from 10.0.0.7
  role      packet-capture\\e[2J as a whole
  passes    commands that it asks about, where whoever approves this is enough
  lends     group wireshark\\nas: nobody (977)
  lends     capabilities CAP_NET_RAW, CAP_SYS_ADMIN
  beware    as good as root: CAP_SYS_ADMIN mounts, traces and does most of what root can do
  at end    processes that still hold what was lent are to be warned, then ended
  log-out   ends it, with the last login session of alice
  reason    it hangs\\nas: nobody
  ticket    OPS-4
  asked     @oncall; 2 different people must approve
  grants    1 h of it, for any number of commands
  state     waiting, 4:32 left
";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn an_extension_is_laid_out_with_what_it_extends() {
        let mut checked = checked();
        checked.question.extends = Some("8ABC-DE".parse().unwrap());
        (checked.question.door, checked.question.uses) = (Door::Writ, 0);
        let text = text(&checked, Screen::plain(100));
        assert!(text.contains("  from      writ extend, "), "{text}");
        let expected =
            "  extends   8ABC-DE is to stand 1 h longer\n  command   /usr/bin/systemctl ";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("  grants    1 h more, from its present end on\n"), "{text}");
    }
}
