//! Who somebody is: what the ID token says of him, and what it leaves out.

use serde_json::{Map, Value};

use super::call::words;
use super::metadata::Metadata;
use super::token::Claims;
use super::{Claim, Part, Provider, Trouble};
use crate::limits::OIDC_NAME_BYTES_MAX;

/// Who somebody is to the provider.
#[derive(Debug)]
pub struct Account {
    /// The provider.
    pub issuer: String,
    /// Its own name for him, which never changes and is never another's.
    pub subject: String,
    /// The name that the admin may know him by, or why there is none.
    pub name: Result<String, Trouble>,
}

impl Provider {
    /// Many providers tell only at their userinfo endpoint what they were asked for.
    pub(super) async fn complete(
        &self,
        metadata: &Metadata,
        claims: &mut Claims,
        access_token: Option<&str>,
    ) -> Result<(), Trouble> {
        let claim = self.settings.claim;
        let mut wanted = Vec::new();
        if claim != Claim::Sub {
            wanted.push(claim.as_str());
        }
        if claim == Claim::Email {
            wanted.push("email_verified");
        }
        if !self.settings.groups.is_empty() {
            wanted.push(&self.settings.groups_claim);
        }
        let missing = wanted.iter().any(|it| !claims.others.contains_key(*it));
        let (true, Some(url), Some(token)) = (missing, &metadata.userinfo, access_token) else {
            return Ok(());
        };
        let request = self.caller.client(Part::Userinfo, url)?.get(url.clone()).bearer_auth(token);
        let mut told: Map<String, Value> = self.caller.json(Part::Userinfo, request).await?;
        // What it says is of whom the token is of, or of nobody (OpenID Connect Core, 5.3.2).
        if told.get("sub").and_then(Value::as_str) != Some(&claims.sub) {
            let why = "it tells of somebody else than the ID token".to_owned();
            return Err(Trouble::Unusable { part: Part::Userinfo, why });
        }
        // Whether it was verified is said of one address, not of another.
        match claims.others.get(claim.as_str()) {
            None => drop(claims.others.remove("email_verified")),
            Some(name) if told.get(claim.as_str()) != Some(name) => {
                told.remove("email_verified");
            }
            Some(_) => {}
        }
        for (name, value) in told {
            claims.others.entry(name).or_insert(value);
        }
        Ok(())
    }

    /// Whether he is in one of the groups that may log in.
    pub(super) fn is_let_in(&self, claims: &Map<String, Value>) -> Result<(), Trouble> {
        let wanted = &self.settings.groups;
        let is_wanted =
            |name: &Value| name.as_str().is_some_and(|it| wanted.iter().any(|w| w == it));
        let is_in = match claims.get(&self.settings.groups_claim) {
            Some(Value::Array(groups)) => groups.iter().any(is_wanted),
            Some(group) => is_wanted(group),
            None => false,
        };
        if wanted.is_empty() || is_in {
            return Ok(());
        }
        Err(Trouble::Group { groups: wanted.join(", ") })
    }

    /// The name that the admin may know somebody by.
    pub(super) fn named(&self, claims: &Claims) -> Result<String, Trouble> {
        let claim = self.settings.claim;
        if claim == Claim::Sub {
            return Ok(claims.sub.clone());
        }
        let name = claims.others.get(claim.as_str()).and_then(Value::as_str);
        let Some(name) = name.filter(|it| !it.is_empty() && it.len() <= OIDC_NAME_BYTES_MAX) else {
            return Err(Trouble::Nameless(format!(
                "it does not say your {claim}, by which the hub would know you; tell the hub's admin, who may need to name more scopes",
                claim = claim.as_str()
            )));
        };
        // Some say it as a text.
        let verified = match claims.others.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        if claim == Claim::Email && !verified {
            return Err(Trouble::Nameless(format!(
                "it has not verified that {} is your address, so that the hub cannot know you by it; have it verified there, or ask the hub's admin for another claim",
                words(name)
            )));
        }
        Ok(name.to_owned())
    }
}
