//! The envelope of a call: its method, its parameters, and how many replies it takes.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A method: its parameters are the type itself, its reply is [`Method::Reply`].
pub trait Method: Serialize + DeserializeOwned {
    /// The qualified name, such as `io.writ.Agent.Ask`.
    const NAME: &'static str;
    /// What a successful call returns.
    type Reply: Serialize + DeserializeOwned;
}

/// An incoming call whose parameters have not been looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incoming<'a> {
    /// The qualified method name.
    #[serde(borrow)]
    pub method: Cow<'a, str>,
    /// The parameters, unparsed; absent means none.
    #[serde(borrow, default)]
    pub parameters: Option<&'a RawValue>,
    /// The caller takes several replies.
    #[serde(default)]
    pub more: bool,
    /// The caller takes no reply.
    #[serde(default)]
    pub oneway: bool,
    /// The caller wants another protocol on this connection; Writ has none.
    #[serde(default)]
    pub upgrade: bool,
}

impl<'a> Incoming<'a> {
    /// The call in a frame, if it is one: an object whose parameters are an object.
    #[must_use]
    pub fn parse(frame: &'a [u8]) -> Option<Self> {
        let call: Self = serde_json::from_slice(frame).ok().filter(|_| is_object(frame))?;
        let parameters = call.parameters.map(RawValue::get);
        parameters.is_none_or(|text| is_object(text.as_bytes())).then_some(call)
    }
}

/// Whether JSON is an object. serde takes an array for one too, its fields in the
/// order of their declaration, which is no part of the protocol.
fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().starts_with(b"{")
}

/// An outgoing call.
#[derive(Debug, Serialize)]
pub struct Outgoing<'a, M> {
    method: &'static str,
    parameters: &'a M,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    oneway: bool,
}

/// How many replies a call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replies {
    /// Exactly one.
    One,
    /// Any number, the last without `continues`.
    More,
    /// None.
    None,
}

impl<'a, M: Method> Outgoing<'a, M> {
    /// A call of `method`.
    #[must_use]
    pub fn new(method: &'a M, replies: Replies) -> Self {
        Self {
            method: M::NAME,
            parameters: method,
            more: replies == Replies::More,
            oneway: replies == Replies::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_an_object_with_an_object_in_it() {
        for call in [
            r#"{"method": "io.writ.Agent.Status"}"#,
            r#" {"method": "io.writ.Agent.Status", "parameters": {}, "oneway": true}"#,
            r#"{"method": "io.writ.Agent.Status", "parameters": null}"#,
        ] {
            assert!(Incoming::parse(call.as_bytes()).is_some(), "{call}");
        }
        for other in [
            "",
            "null",
            r#""io.writ.Agent.Status""#,
            r#"["io.writ.Agent.Status"]"#,
            r#"["io.writ.Agent.Status", {}, false, false, false]"#,
            r#"{"method": "io.writ.Agent.Status", "parameters": []}"#,
            r#"{"method": "io.writ.Agent.Show", "parameters": ["7K3M-Q2"]}"#,
            r#"{"method": "io.writ.Agent.Status", "method": "io.writ.Agent.Reload"}"#,
            r#"{"method": "io.writ.Agent.Status", "flags": 1}"#,
            r#"{"method": "io.writ.Agent.Status"} {}"#,
        ] {
            assert!(Incoming::parse(other.as_bytes()).is_none(), "{other}");
        }
    }
}
