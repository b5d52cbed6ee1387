//! Mail, by SMTP: over TLS, but to a server on this machine.

use std::net::SocketAddr;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor};
use reqwest::Url;

use super::Channel;
use super::address::look_up;
use super::deliver::Trouble;
use super::message::Message;
use crate::limits::NOTICE_WAIT_MAX;

/// Ports of TLS from the beginning, of handing in, and of a server on this machine.
const SMTPS: u16 = 465;
const SUBMISSION: u16 = 587;
const LOCAL: u16 = 25;

/// Receivers of one channel.
const RECEIVERS_MAX: usize = 16;

/// Whether it says whose mail it is and who gets it.
pub(super) fn check(channel: &Channel) -> Result<(), String> {
    letter(channel, "", "").map(drop)
}

/// Sends one.
pub(super) async fn send(
    channel: &Channel,
    url: &Url,
    password: Option<&str>,
    message: &Message,
) -> Result<(), Trouble> {
    let letter = letter(channel, &message.title, &message.text()).map_err(Trouble::Never)?;
    let name = url.host_str().unwrap_or_default();
    let address = server(channel, url, name).await?;
    let local = channel.allow_inward && address.ip().is_loopback() && url.scheme() == "smtp";
    let tls =
        || TlsParameters::new(name.to_owned()).map_err(|error| Trouble::Never(error.to_string()));
    let tls = match (url.scheme(), local) {
        (_, true) => Tls::None,
        ("smtps", _) => Tls::Wrapper(tls()?),
        _ => Tls::Required(tls()?),
    };
    // By the address that was looked at; the certificate is still that of the name.
    let mut transport =
        AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(address.port())
            .tls(tls)
            .timeout(Some(NOTICE_WAIT_MAX));
    if let (user, Some(password)) = (url.username(), password) {
        transport = transport.credentials(Credentials::new(user.to_owned(), password.to_owned()));
    }
    let transport = transport.build();
    match tokio::time::timeout(NOTICE_WAIT_MAX, transport.send(letter)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.is_permanent() => Err(Trouble::Never(error.to_string())),
        Ok(Err(error)) => Err(Trouble::Later(error.to_string())),
        Err(_) => Err(Trouble::Later("it took too long".to_owned())),
    }
}

async fn server(channel: &Channel, url: &Url, name: &str) -> Result<SocketAddr, Trouble> {
    let usual = match (url.scheme(), channel.allow_inward) {
        ("smtps", _) => SMTPS,
        (_, true) => LOCAL,
        _ => SUBMISSION,
    };
    let port = url.port().unwrap_or(usual);
    let found = match channel.allow_inward {
        true => tokio::net::lookup_host((name, port)).await.map(Iterator::collect),
        false => look_up(name, port).await,
    };
    let found: Vec<SocketAddr> = found.map_err(|error| Trouble::Later(error.to_string()))?;
    let first = found.into_iter().next();
    first.ok_or_else(|| Trouble::Later(format!("{name} has no address")))
}

fn letter(channel: &Channel, subject: &str, text: &str) -> Result<Mail, String> {
    let mailbox = |text: &str| {
        text.parse::<Mailbox>().map_err(|error| format!("{text:?} is no mail address: {error}"))
    };
    let from = channel.from.as_deref().ok_or("say whose mail it is in from")?;
    if channel.to.is_empty() || channel.to.len() > RECEIVERS_MAX {
        return Err(format!("say who gets mail in to, from 1 to {RECEIVERS_MAX} addresses"));
    }
    let mut letter = Mail::builder().from(mailbox(from)?).subject(subject);
    for receiver in &channel.to {
        letter = letter.to(mailbox(receiver)?);
    }
    letter.body(text.to_owned()).map_err(|error| error.to_string())
}
