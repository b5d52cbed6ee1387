//! One attempt of one notice.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use ring::hmac;

use super::message::{self, Message};
use super::{BROWSERS, ChannelKind, Push, Ready, address, mail};
use crate::clock::now_ms;
use crate::hub::Hub;
use crate::limits::NOTICE_REPLY_BYTES_MAX;
use crate::store::{Notice, Received};

/// Hexadecimal digits of a question's digest that name its notice at ntfy.
const SEQUENCE_DIGITS: usize = 32;

/// How an attempt went, where it did not go well.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It may go better later.
    Later(String),
    /// It will not.
    Never(String),
}

/// Tries.
pub(super) async fn deliver(
    push: &Push,
    hub: &Hub,
    notice: &Notice,
    question: &Received,
) -> Result<(), Trouble> {
    if notice.channel == BROWSERS {
        return wake_browsers(push, hub, &question.listed.host).await;
    }
    let Some(ready) = push.channels.iter().find(|it| it.channel.name == notice.channel) else {
        return Err(Trouble::Never("the configuration names this channel no more".to_owned()));
    };
    let channel = &ready.channel;
    let url = Url::parse(&channel.url).map_err(|error| Trouble::Never(error.to_string()))?;
    let client = match channel.allow_inward {
        true => &push.anywhere,
        // A literal address is not looked up, so that the resolver does not see it.
        false if address::is_inward_url(&url) => {
            return Err(Trouble::Never("it points to this machine or its own network".to_owned()));
        }
        false => &push.outward,
    };
    let message = Message::of(question, channel, hub.config.url.as_str());
    let request = match channel.kind {
        ChannelKind::Webhook => webhook(client, url, ready, notice, question, &message),
        ChannelKind::Ntfy => ntfy(client, url, ready, notice, question, &message)?,
        ChannelKind::Slack => json(client, url, &message::for_slack(&message)),
        ChannelKind::Teams => json(client, url, &message::for_teams(&message)),
        ChannelKind::Mail => {
            let password = ready.secret.as_deref().map(String::from_utf8_lossy);
            return mail::send(channel, &url, password.as_deref(), &message).await;
        }
    };
    send(request).await
}

/// Signed as Standard Webhooks have it: of ID, time and body.
fn webhook(
    client: &Client,
    url: Url,
    ready: &Ready,
    notice: &Notice,
    question: &Received,
    message: &Message,
) -> RequestBuilder {
    let body = message::for_program(question, &notice.event, message).to_string();
    let seconds = now_ms() / 1_000;
    let key = ready.secret.as_deref().unwrap_or_default();
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let signed = format!("{}.{seconds}.{body}", notice.id);
    let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", &notice.id)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", format!("v1,{signature}"))
        .body(body)
}

/// The notice has a name at ntfy, by which it is taken back when the question is over.
fn ntfy(
    client: &Client,
    mut url: Url,
    ready: &Ready,
    notice: &Notice,
    question: &Received,
    message: &Message,
) -> Result<RequestBuilder, Trouble> {
    let sequence = question.listed.digest.get(..SEQUENCE_DIGITS).unwrap_or_default();
    let request = if notice.event == "over" {
        url.path_segments_mut()
            .map_err(|()| Trouble::Never("the address has no topic".to_owned()))?
            .pop_if_empty()
            .push(sequence);
        client.request(Method::DELETE, url)
    } else {
        client
            .post(url)
            .header("x-sequence-id", sequence)
            // Texts of hosts may have any letters; those of a header may not (RFC 2047).
            .header("x-title", format!("=?UTF-8?B?{}?=", STANDARD.encode(&message.title)))
            .header("x-click", &message.link)
            .header("x-priority", "high")
            .body(message.text())
    };
    Ok(match &ready.secret {
        Some(token) => request.bearer_auth(String::from_utf8_lossy(token)),
        None => request,
    })
}

fn json(client: &Client, url: Url, body: &serde_json::Value) -> RequestBuilder {
    client.post(url).header("content-type", "application/json").body(body.to_string())
}

/// Each browser that wants it. Those that are gone are forgotten; a browser that was missed
/// is not tried again where another was reached, for that one would be woken twice.
async fn wake_browsers(push: &Push, hub: &Hub, host: &str) -> Result<(), Trouble> {
    let Some(vapid) = &push.vapid else {
        return Err(Trouble::Never("browsers are not woken any more".to_owned()));
    };
    let browsers = hub.store.subscriptions(host).await;
    let browsers = browsers.map_err(|error| Trouble::Later(error.to_string()))?;
    let (mut reached, mut trouble) = (browsers.is_empty(), None);
    for browser in browsers {
        let Some(url) = Url::parse(&browser.endpoint).ok().filter(|it| !address::is_inward_url(it))
        else {
            continue;
        };
        let Some(authorization) = vapid.authorization(&url, now_ms()) else { continue };
        let request = push
            .outward
            .post(url)
            .header("authorization", authorization)
            .header("ttl", "600")
            .header("urgency", "high")
            .header("content-length", "0");
        match send(request).await {
            Ok(()) => reached = true,
            Err(Trouble::Never(why)) => {
                if let Err(error) = hub.store.unsubscribe(&browser.endpoint).await {
                    eprintln!("writ-hub: {error}");
                }
                trouble = Some(Trouble::Never(why));
            }
            Err(later) => trouble = Some(later),
        }
    }
    match trouble {
        Some(trouble) if !reached => Err(trouble),
        _ => Ok(()),
    }
}

async fn send(request: RequestBuilder) -> Result<(), Trouble> {
    let reply = request.send().await.map_err(|error| Trouble::Later(whole(&error)))?;
    let status = reply.status();
    if status.is_success() {
        return Ok(());
    }
    let why = format!("{status}: {}", beginning(reply).await);
    let again = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
    Err(if again { Trouble::Later(why) } else { Trouble::Never(why) })
}

/// The error with its causes, without the address, which may be a secret.
fn whole(error: &reqwest::Error) -> String {
    let mut text = match (error.is_timeout(), error.is_connect()) {
        (true, _) => "it took too long".to_owned(),
        (_, true) => "it cannot be reached".to_owned(),
        _ => "it broke off".to_owned(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

async fn beginning(mut reply: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = reply.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= NOTICE_REPLY_BYTES_MAX {
            break;
        }
    }
    bytes.truncate(NOTICE_REPLY_BYTES_MAX);
    writ_protocol::text::shown(&String::from_utf8_lossy(&bytes))
}
