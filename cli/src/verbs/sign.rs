//! `writ sign`: an approver answers a question that was carried to him.
//!
//! It needs no agent, and no host of Writ's: the question, a key, and the host's public
//! key are all.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use writ_desk::hosts::{self, KnownHosts};
use writ_desk::ssh_keygen;
use writ_engine::question::Question;
use writ_protocol::text::shown;
use writ_signed::limits::SIGNED_QUESTION_BYTES_MAX;
use writ_signed::{
    Answer, Decision, Namespace, PublicKey, Signature, SignedQuestion, Verdict, armor, code,
};

use crate::asking::Terminal;
use crate::carried;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::now_wall_ms;
use crate::screen::{Screen, print, shown_lines};
use crate::span::{in_ms, parse_span};

/// Answer a question that was carried here, with a signature
///
/// Reads the block of `writ offline`, verifies the host's signature, shows the whole
/// question, asks, and prints a block for `writ answer`. Needs no agent: it works on any
/// machine with ssh-keygen(1), which signs. It asks for a passphrase or a touch itself;
/// of a key in ssh-agent or on a token, name the file with the public part.
///
/// The host is known by its line in ~/.config/writ/hosts (`writ host-key` on the host
/// prints it), or by --host-key.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The block of `writ offline`; without it, or with -, it is pasted
    #[arg(default_value = carried::STDIN, hide_default_value = true, value_name = "FILE")]
    file: PathBuf,

    /// The key to sign with; the .pub file of one in ssh-agent
    #[arg(long, env = "WRIT_KEY", value_name = "PATH")]
    key: PathBuf,

    /// Your name in approvers.d of the host; without it, that of your account here
    #[arg(long = "as", env = "WRIT_APPROVER", value_name = "NAME")]
    approver: Option<String>,

    /// The key that the host must have: its line, or SHA256:… alone
    #[arg(long, value_name = "KEY", conflicts_with = "hosts")]
    host_key: Option<String>,

    /// The file with the hosts that are known
    #[arg(long, value_name = "FILE")]
    hosts: Option<PathBuf>,

    /// Say no
    #[arg(long, conflicts_with_all = ["lasts", "uses"])]
    deny: bool,

    /// Let the grant stand for this long only: 90s, 30m, 1h30m, 2d
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    lasts: Option<Duration>,

    /// Let a command be run only this often
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    uses: Option<u32>,

    /// Say something about it; it goes on record
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,

    /// How long the answer is good for, a day at most
    #[arg(long, value_name = "TIME", value_parser = parse_span, default_value = "15m")]
    expires: Duration,

    /// Sign without being asked again
    #[arg(short, long, conflicts_with = "digest")]
    yes: bool,

    /// Sign only for the question with this digest, without being asked again
    #[arg(long, value_name = "HEX")]
    digest: Option<String>,
}

pub(crate) fn run(_host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::verb(Exit::Failed, error);
    let json = carried::read(&arguments.file, armor::QUESTION, SIGNED_QUESTION_BYTES_MAX)?;
    let signed = SignedQuestion::parse(&json).map_err(|error| failed(&error))?;
    let signer = signed.signer().map_err(|error| failed(&error))?;
    // Verified, and only then read.
    let question = Question::parse(&signed.question).map_err(|error| failed(&error))?;
    let known = match &arguments.host_key {
        Some(key) => hosts::is(key, &signer),
        None => KnownHosts::open(arguments.hosts.as_deref())
            .map_err(|error| failed(&error))?
            .check(&question.host, &signer),
    };
    known.map_err(|error| failed(&error))?;
    let approver = approver(arguments)?;
    eprint!(
        "{}",
        writ_desk::view::question::carried(&question, &signed.digest(), Screen::of_stdout())
    );
    eprintln!("  code      {}", code(&signed.question));
    if !is_meant(arguments, &signed.digest(), &approver)? {
        eprintln!("Nothing was signed.");
        return Ok(Exit::Open);
    }
    let decision = decision(arguments, &signed, &signer, &question, approver)?;
    let text = decision.text().map_err(|error| failed(&error))?;
    // What the host would refuse is not signed.
    Decision::parse(&text).map_err(|error| failed(&error))?;
    let signature = ssh_keygen::sign(&arguments.key, Namespace::Decision, &text)
        .map_err(|error| failed(&error))?;
    let answer = Answer { decision: text, signature: Signature::Ssh(signature) };
    let answer = answer.text().map_err(|error| failed(&error))?;
    print(&armor::wrap(armor::ANSWER, answer.as_bytes()))?;
    Ok(Exit::Done)
}

fn decision(
    arguments: &Arguments,
    signed: &SignedQuestion,
    host: &PublicKey,
    question: &Question,
    approver: String,
) -> Result<Decision, Failure> {
    let now = now_wall_ms();
    Ok(Decision {
        version: writ_signed::DECISION_VERSION,
        host: question.host.clone(),
        host_key: host.fingerprint(),
        id: question.id.to_string(),
        question: signed.digest(),
        verdict: if arguments.deny { Verdict::Deny } else { Verdict::Approve },
        comment: arguments.comment.clone(),
        lasts_ms: arguments.lasts.map(in_ms),
        uses: arguments.uses,
        approver,
        made_wall_ms: now,
        expires_wall_ms: now.saturating_add(in_ms(arguments.expires)),
    })
}

/// The name that the policy knows the approver by.
fn approver(arguments: &Arguments) -> Result<String, Failure> {
    if let Some(name) = &arguments.approver {
        return Ok(name.clone());
    }
    let account = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
    account.map(|account| account.name).ok_or_else(|| {
        Failure::verb(
            Exit::Usage,
            "your account has no name here; say --as with that of yours in approvers.d",
        )
    })
}

/// Whether the approver means the question with that digest.
fn is_meant(arguments: &Arguments, digest: &str, approver: &str) -> Result<bool, Failure> {
    if let Some(meant) = &arguments.digest {
        if meant.eq_ignore_ascii_case(digest) {
            return Ok(true);
        }
        let sentence = "the question is not the one with that digest; nothing was signed";
        return Err(Failure::verb(Exit::Failed, sentence));
    }
    if arguments.yes {
        return Ok(true);
    }
    // Nobody is asked about what he cannot see.
    let terminal = Terminal::open().ok().filter(|_| io::stderr().is_terminal());
    let Some(mut terminal) = terminal else {
        let sentence = "there is no terminal to show it on and to ask; give --yes, or --digest";
        return Err(Failure::verb(Exit::Usage, sentence));
    };
    let unread = |error: io::Error| {
        Failure::verb(
            Exit::Failed,
            format!("the answer cannot be read: {error}; nothing was signed"),
        )
    };
    terminal.forget_typed().map_err(unread)?;
    let verb = if arguments.deny { "Deny" } else { "Approve" };
    let asked = format!("{verb} this as {}? [y/n] ", shown_lines(&shown(approver)));
    let said = terminal.ask(&asked).map_err(unread)?;
    Ok(matches!(said.to_ascii_lowercase().as_str(), "y" | "yes"))
}
