//! An answer is made, signed and handed in; then the host has to take it.

use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use writ_desk::exit::Exit;
use writ_desk::moment::now_wall_ms;
use writ_desk::screen::print;
use writ_desk::span::{in_ms, parse_span};
use writ_protocol::text::shown;
use writ_signed::{Answer, DECISION_VERSION, Decision, Namespace, Signature, Verdict};

use crate::Desk;
use crate::failure::Failure;
use crate::limits::{SUMMARY_CHARS_MAX, TAKEN_LOOK_EVERY};
use crate::login::logged_in;
use crate::question::{Checked, Given, whole};
use crate::session::Session;
use crate::view::{cut, over};

/// What every answer may say.
#[derive(Debug, clap::Args)]
pub(crate) struct Remarks {
    /// Say something about it; the requester sees it, and it goes on record
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,

    /// How long the answer is good for, a day at most
    #[arg(long, value_name = "TIME", value_parser = parse_span, default_value = "15m")]
    expires: Duration,

    /// How long to wait for the host to take it
    #[arg(long, value_name = "TIME", value_parser = parse_span, default_value = "20s")]
    wait: Duration,
}

/// What an approval may narrow.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Bounds {
    /// How long the grant is to stand.
    pub(crate) lasts: Option<Duration>,
    /// How often it is to be used.
    pub(crate) uses: Option<u32>,
}

#[derive(Deserialize)]
struct Accepted {
    seq: i64,
}

/// Signs that verdict on a question that was shown, hands it in, and tells what became of it.
pub(crate) fn answer(
    desk: &mut Desk,
    session: &mut Session,
    checked: &Checked,
    verdict: Verdict,
    bounds: Bounds,
    remarks: &Remarks,
) -> Result<Exit, Failure> {
    let text = decision(session, checked, verdict, bounds, remarks)?;
    let what = match verdict {
        Verdict::Approve => format!("to approve {}", checked.question.id),
        Verdict::Deny => format!("to deny {}", checked.question.id),
    };
    let signature = session.signer.sign(Namespace::Decision, &text, &what)?;
    let answer = Answer { decision: text, signature: Signature::Ssh(signature) };
    let json = answer.text().map_err(|error| Failure::verb(Exit::Failed, error))?;
    let path = format!("/v1/questions/{}/answers", checked.digest);
    // The token may have come to its end while the question was read.
    let Accepted { seq } =
        logged_in(desk, session, |desk| desk.hub.post_text(&path, json.clone()))?;
    taken(desk, session, checked, seq, verdict, remarks)
}

fn decision(
    session: &Session,
    checked: &Checked,
    verdict: Verdict,
    bounds: Bounds,
    remarks: &Remarks,
) -> Result<String, Failure> {
    let (question, now) = (&checked.question, now_wall_ms());
    let decision = Decision {
        version: DECISION_VERSION,
        host: question.host.clone(),
        host_key: checked.host_key.fingerprint(),
        id: question.id.to_string(),
        question: checked.digest.to_string(),
        verdict,
        comment: remarks.comment.clone(),
        lasts_ms: bounds.lasts.map(in_ms),
        uses: bounds.uses,
        approver: session.person.clone(),
        made_wall_ms: now,
        expires_wall_ms: now.saturating_add(in_ms(remarks.expires)),
    };
    let failed = |error| Failure::verb(Exit::Failed, error);
    let text = decision.text().map_err(failed)?;
    // What the host would refuse is not signed.
    Decision::parse(&text).map_err(failed)?;
    Ok(text)
}

/// Waits for the host, whose word the hub passes on.
fn taken(
    desk: &mut Desk,
    session: &mut Session,
    checked: &Checked,
    seq: i64,
    verdict: Verdict,
    remarks: &Remarks,
) -> Result<Exit, Failure> {
    let (id, host) = (checked.question.id, shown(&checked.question.host));
    let until = Instant::now() + remarks.wait;
    loop {
        let now = logged_in(desk, session, |desk| whole(desk, &checked.digest))?;
        let ours = now.answers.iter().find(|given| given.seq == seq);
        match ours {
            Some(Given { accepted: Some(true), .. }) => {
                let is = match verdict {
                    Verdict::Approve => "approval",
                    Verdict::Deny => "denial",
                };
                let how = over(&now.line).map_or_else(String::new, |how| format!("; {how}"));
                print(&format!("{host} has taken your {is} of {id}, the hub says{how}.\n"))?;
                return Ok(Exit::Done);
            }
            Some(Given { accepted: Some(false), why, .. }) => {
                let why = why.as_deref().map_or_else(
                    || "it does not say why".to_owned(),
                    |why| cut(why, SUMMARY_CHARS_MAX),
                );
                let sentence =
                    format!("{host} did not take your answer to {id}, the hub says: {why}");
                return Err(Failure::verb(Exit::Denied, sentence));
            }
            Some(Given { accepted: None, .. }) | None => {}
        }
        if Instant::now() >= until {
            let sentence = format!(
                "the hub has your answer to {id}, and {host} has not taken it yet; it counts when it does, if it has not expired by then. `writ --hub {} show {}` says how it stands",
                desk.hub.origin(),
                checked.digest
            );
            return Err(Failure::verb(Exit::Open, sentence));
        }
        thread::sleep(TAKEN_LOOK_EVERY);
    }
}
