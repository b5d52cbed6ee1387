//! `watch`: an inbox that fills as questions come.

use std::convert::Infallible;
use std::thread;
use std::time::Instant;

use reqwest::StatusCode;
use writ_desk::exit::Exit;
use writ_desk::hosts::UnknownHost;
use writ_desk::moment::{local, now_wall_ms};
use writ_desk::screen::{Screen, print};
use writ_protocol::text::shown;
use writ_uplink::Backoff;

use super::complaints::Complaints;
use super::inbox::{Inbox, Name};
use crate::Desk;
use crate::digest::Digest;
use crate::events::Event;
use crate::failure::Failure;
use crate::limits::CELL_CHARS_MAX;
use crate::login::{log_in, logged_in};
use crate::question::{Checked, Lines, whole};
use crate::session::Session;
use crate::view::{self, cut};

/// Show questions as they come, until you end it (Ctrl-C)
///
/// Each once, as its host has signed it, and what became of it. A question of a host that is
/// not known here is told of and not shown: `show` asks whether to know it. When the hub is
/// lost, it is called again, after waits that grow to a minute.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Somebody who watches.
struct Watch<'a> {
    desk: &'a mut Desk,
    session: Session,
    inbox: Inbox,
    complaints: Complaints,
    backoff: Backoff,
    /// Whether the hub was heard of since it was lost; none was lost before the first time.
    heard: Option<bool>,
}

pub(crate) fn run(desk: &mut Desk, _: &Arguments) -> Result<Exit, Failure> {
    let session = log_in(desk)?;
    let backoff = Backoff::from(desk.hub.pace().first_wait);
    let (inbox, complaints) = (Inbox::default(), Complaints::default());
    let mut watch = Watch { desk, session, inbox, complaints, backoff, heard: None };
    loop {
        let Err(lost) = watch.follow();
        watch.wait(lost)?;
    }
}

impl Watch<'_> {
    /// Follows what the hub tells for as long as it does.
    fn follow(&mut self) -> Result<Infallible, Failure> {
        let listening = logged_in(self.desk, &mut self.session, |desk| desk.hub.listen());
        let mut listening = listening?;
        loop {
            let event = listening.next().map_err(|error| self.desk.hub.failure(error))?;
            self.heard = Some(true);
            self.backoff.reset();
            match event {
                Event::Resync => self.look_anew()?,
                Event::Question(digest) => self.came(&digest)?,
                Event::Over(digest) => self.ended(&digest)?,
            }
        }
    }

    /// Waits before the hub is called again. One that was never heard of is more likely
    /// misspelt than lost.
    fn wait(&mut self, lost: Failure) -> Result<(), Failure> {
        match &lost {
            Failure::Hub { error, .. } if error.may_pass() && self.heard.is_some() => {}
            _ => return Err(lost),
        }
        if self.heard == Some(true) {
            let sentence = lost.sentence().unwrap_or_default();
            eprintln!("writ: {}; it is called again", shown(&sentence));
            self.heard = Some(false);
        }
        thread::sleep(self.backoff.wait());
        Ok(())
    }

    fn look_anew(&mut self) -> Result<(), Failure> {
        let mut open = logged_in(self.desk, &mut self.session, Lines::open)?;
        open.questions.sort_by_key(|line| line.received_ms);
        for line in &open.questions {
            self.came(&line.digest)?;
        }
        if open.more == 0 {
            let is_open = |digest: &Digest| open.questions.iter().any(|it| it.digest == *digest);
            for digest in self.inbox.open_but(is_open) {
                self.ended(&digest)?;
            }
        }
        Ok(())
    }

    /// A question, which may have come before.
    fn came(&mut self, digest: &Digest) -> Result<(), Failure> {
        if self.inbox.has(digest) {
            return Ok(());
        }
        let checked = match Checked::fetch(self.desk, &mut self.session, digest) {
            Ok(checked) => checked,
            Err(Failure::Hub { error, .. }) if error.is(StatusCode::NOT_FOUND) => return Ok(()),
            Err(failure @ Failure::Verb { .. }) => {
                // What is forged or broken is told once, and the rest goes on.
                self.complain(&failure.to_string());
                self.inbox.put(digest.clone(), None);
                return Ok(());
            }
            Err(failure) => return Err(failure),
        };
        let name = self.show(&checked)?;
        self.inbox.put(digest.clone(), name);
        Ok(())
    }

    /// Shows a question, where its host is known. Gives its name, where it was shown.
    fn show(&mut self, checked: &Checked) -> Result<Option<Name>, Failure> {
        let (question, now) = (&checked.question, now_wall_ms());
        // An old one, which a hub may bring up at any time.
        if view::left(question, now).is_none() || checked.line.over_ms.is_some() {
            return Ok(None);
        }
        match self.desk.hosts.check(&question.host, &checked.host_key) {
            Ok(()) => {}
            Err(UnknownHost::Nobody { host, found, .. }) => {
                let host = cut(&host, CELL_CHARS_MAX);
                self.complain(&format!(
                    "a question came of a host that is not known here, {host} with {found}: `show {}` asks whether to know it",
                    question.id
                ));
                return Ok(None);
            }
            Err(changed) => {
                self.complain(&changed.to_string());
                return Ok(None);
            }
        }
        let text = view::watched(checked, now, Screen::of_stdout());
        let hub = self.desk.hub.origin();
        let answer = format!("  answer    writ --hub {hub} approve {}", question.id);
        print(&format!("\n{}\n{text}{answer}\n", local(now)))?;
        Ok(Some(Name { id: question.id, host: question.host.clone() }))
    }

    fn ended(&mut self, digest: &Digest) -> Result<(), Failure> {
        let Some(Name { id, host }) = self.inbox.end(digest) else { return Ok(()) };
        let how = match logged_in(self.desk, &mut self.session, |desk| whole(desk, digest)) {
            Ok(whole) => view::over(&whole.line),
            Err(Failure::Hub { error, .. }) if error.is(StatusCode::NOT_FOUND) => None,
            Err(failure) => return Err(failure),
        };
        let how = how.unwrap_or_else(|| "how, it does not say".to_owned());
        let (now, host) = (local(now_wall_ms()), shown(&host));
        print(&format!("\n{now}\n{id} on {host} is over, the hub says: {how}\n"))?;
        Ok(())
    }

    fn complain(&mut self, sentence: &str) {
        self.complaints.tell(sentence, Instant::now());
    }
}
