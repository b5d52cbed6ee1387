//! What a notice says, in the form of each channel.

use serde_json::{Value, json};

use super::Channel;
use crate::store::Received;

/// A notice in words.
#[derive(Debug)]
pub(super) struct Message {
    /// Who asks where.
    pub(super) title: String,
    /// What for, where that may be told.
    pub(super) details: Option<String>,
    /// The page of the question.
    pub(super) link: String,
}

impl Message {
    pub(super) fn of(question: &Received, channel: &Channel, hub: &str) -> Self {
        let listed = &question.listed;
        Self {
            title: format!("{} on {} asks ({})", listed.requester, listed.host, listed.id),
            details: channel.details.then(|| listed.summary.clone()),
            link: link(hub, &listed.digest),
        }
    }

    /// What and where, as plain text.
    pub(super) fn text(&self) -> String {
        match &self.details {
            Some(details) => format!("{details}\n{}", self.link),
            None => format!("Look at the question and answer it: {}", self.link),
        }
    }
}

/// The page of a question.
pub(super) fn link(hub: &str, digest: &str) -> String {
    format!("{hub}/#/q/{digest}")
}

/// For a program that takes notices.
pub(super) fn for_program(question: &Received, event: &str, message: &Message) -> Value {
    let listed = &question.listed;
    let mut data = json!({
        "digest": listed.digest,
        "host": listed.host,
        "id": listed.id,
        "requester": listed.requester,
        "url": message.link,
        "closes_ms": listed.closes_ms,
    });
    if let (Some(data), Some(details)) = (data.as_object_mut(), &message.details) {
        data.insert("summary".to_owned(), json!(details));
    }
    if let (Some(data), "over") = (data.as_object_mut(), event) {
        data.insert("outcome".to_owned(), json!(listed.outcome));
        data.insert("by".to_owned(), json!(listed.over_by));
    }
    json!({ "type": format!("question.{event}"), "data": data })
}

/// Slack's `mrkdwn`: three characters are its own.
pub(super) fn for_slack(message: &Message) -> Value {
    let details = message.details.as_deref().map(|it| format!("\n```{}```", slack(it)));
    let title = slack(&message.title);
    let text =
        format!("{title}{}\n<{}|Look at the question>", details.unwrap_or_default(), message.link);
    json!({ "text": text, "unfurl_links": false })
}

fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('`', "'")
}

/// An adaptive card; its texts are no markup in `RichTextBlock`.
pub(super) fn for_teams(message: &Message) -> Value {
    let line = |text: &str, kind: &str| json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text, "fontType": kind }] });
    let mut body = vec![line(&message.title, "Default")];
    body.extend(message.details.as_deref().map(|details| line(details, "Monospace")));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
                "actions": [{ "type": "Action.OpenUrl", "title": "Look at the question", "url": message.link }],
            },
        }],
    })
}
