//! A whole question with how it stands, laid out for the person who decides.

use writ_desk::view::question::whole;
use writ_engine::facts::Aim;
use writ_engine::question::Question;
use writ_protocol::answers::{Request, RequestState};

use crate::question::CheckedQuestion;
use crate::screen::Screen;
use crate::sheet::Sheet;
use crate::span::countdown;
use crate::view::listing;

/// The question from its text, then how it stands.
pub(crate) fn text(checked: &CheckedQuestion, screen: Screen) -> String {
    let mut sheet = whole(&checked.question, screen);
    stands(&mut sheet, &checked.question, &checked.request);
    sheet.field("digest", &checked.digest);
    sheet.into_text()
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
    use crate::view::{command, session};
    use writ_engine::facts::{Action, Command, Door, OnEnd, RunAs, Uid, Window};
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
