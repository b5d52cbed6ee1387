//! `writ-hub people`.

use std::time::Duration;

use writ_protocol::text::shown;
use writ_signed::ApproverKey;

use crate::clock::{in_ms, now_ms};
use crate::command_line::People;
use crate::config::Config;
use crate::limits::{OIDC_NAME_BYTES_MAX, VIEWS_OF_HOSTS_MAX};
use crate::name::{is_host_pattern, is_person_name};
use crate::oidc::{Claim, Settings};
use crate::secret;
use crate::store::{Added, Person, Sees, Store};

pub(super) async fn people(config: &Config, store: &Store, people: People) -> Result<(), String> {
    match people {
        People::Add { name, ssh_key, oidc, hosts, valid } => {
            let new = New { name, ssh_key, oidc, hosts };
            add(config, store, &new, valid).await
        }
        People::Invite { name, valid } => {
            invite(config, store, &find(store, &name).await?, valid).await
        }
        People::List => list(store).await,
        People::Lines { name } => {
            let person = find(store, &name).await?;
            for line in lines(store, &person).await? {
                println!("{line}");
            }
            beware_of_first(store, &person).await
        }
        People::RemoveKey { name, line } => {
            let person = find(store, &name).await?;
            let removed = store.remove_line(&person, line.trim(), now_ms()).await;
            match removed.map_err(|error| error.to_string())? {
                true => Ok(()),
                false => Err(format!("{name} has no such key; see `writ-hub people lines {name}`")),
            }
        }
        People::RemoveOidc { name } => {
            let person = find(store, &name).await?;
            let removed = store.remove_account(&person, now_ms()).await;
            match removed.map_err(|error| error.to_string())? {
                true => Ok(()),
                false => Err(format!(
                    "{name} has no account at the provider; see `writ-hub people list`"
                )),
            }
        }
        People::Remove { name } => {
            let removed = store.remove_person(&name, now_ms()).await;
            match removed.map_err(|error| error.to_string())? {
                true => Ok(()),
                false => Err(nobody(&name)),
            }
        }
    }
}

/// Somebody to be added.
struct New {
    name: String,
    ssh_key: Option<String>,
    oidc: Option<String>,
    hosts: Vec<String>,
}

async fn add(config: &Config, store: &Store, new: &New, valid: Duration) -> Result<(), String> {
    let name = &new.name;
    if !is_person_name(name) {
        return Err(format!(
            "{name:?} is no approver's name: up to 64 letters, digits, dots, dashes and underscores"
        ));
    }
    // Before anybody is added.
    let key = new.ssh_key.as_deref().map(ssh_line).transpose()?;
    let account = new.oidc.as_deref().map(|account| provider_of(config, account)).transpose()?;
    let sees = hosts(&new.hosts)?;
    let known = store.person(name).await.map_err(|error| error.to_string())?.is_some();
    let id = secret::name().map_err(|error| error.to_string())?;
    let person = store.add_person(&id, name, now_ms()).await.map_err(|error| error.to_string())?;
    if let Some(sees) = &sees {
        let seen = store.let_see(&person, sees, now_ms()).await;
        seen.map_err(|error| error.to_string())?;
    }
    if let Some((settings, account)) = account {
        let named = store.name_account(&person, account, now_ms()).await;
        if !named.map_err(|error| error.to_string())? {
            return Err(format!("{account} is somebody else's; see `writ-hub people list`"));
        }
        let (url, provider) = (config.url.as_str(), &settings.name);
        eprintln!("{name} logs in at {url} with {provider}, as {account}.");
    }
    let Some((fingerprint, line)) = key else {
        // Whom only something else was said of needs no link.
        let said = account.is_some() || (known && sees.is_some());
        return match said {
            true => Ok(()),
            false => invite(config, store, &person, valid).await,
        };
    };
    let added = store.add_ssh_key(&person, &fingerprint, &line, now_ms()).await;
    match added.map_err(|error| error.to_string())? {
        Added::Added => {
            println!("{line}");
            Ok(())
        }
        _ => Err(format!("{fingerprint} is somebody's already, or {name} has too many keys")),
    }
}

/// Which hosts somebody is to see, where it is said.
fn hosts(patterns: &[String]) -> Result<Option<Sees>, String> {
    if let Some(wrong) = patterns.iter().find(|it| !is_host_pattern(it)) {
        return Err(format!(
            "--hosts: {wrong:?} is no host's name, in which * may stand for anything"
        ));
    }
    if patterns.len() > VIEWS_OF_HOSTS_MAX {
        return Err(format!("--hosts: at most {VIEWS_OF_HOSTS_MAX}"));
    }
    Ok(match patterns {
        [] => None,
        _ if patterns.iter().any(|it| it == "*") => Some(Sees::All),
        _ => Some(Sees::Only(patterns.to_vec())),
    })
}

/// The provider, and what it calls somebody.
fn provider_of<'a>(
    config: &'a Config,
    account: &'a str,
) -> Result<(&'a Settings, &'a str), String> {
    let settings = config
        .oidc
        .as_ref()
        .ok_or("--oidc: hub.toml has no [oidc]; docs/hub.md says what goes there")?;
    let account = account.trim();
    let claim = settings.claim;
    if account.is_empty() || account.len() > OIDC_NAME_BYTES_MAX {
        return Err(format!("--oidc: it is from 1 to {OIDC_NAME_BYTES_MAX} bytes"));
    }
    if claim == Claim::Email && !account.contains('@') {
        return Err(format!(
            "--oidc: {account:?} is no address, and hub.toml has people known by theirs (claim = \"{}\")",
            claim.as_str()
        ));
    }
    Ok((settings, account))
}

/// Whose word a line rests on is for whoever deploys it to know.
async fn beware_of_first(store: &Store, person: &Person) -> Result<(), String> {
    let lines = store.first_lines(person).await.map_err(|error| error.to_string())?;
    for line in lines {
        eprintln!(
            "Enrolled by a login at the provider alone: {line}\nAsk {} whether it is his before you deploy it.",
            person.name
        );
    }
    Ok(())
}

/// Fingerprint and line of a public key, as approvers.d takes it.
fn ssh_line(text: &str) -> Result<(String, String), String> {
    match text.trim().parse::<ApproverKey>() {
        Ok(key @ ApproverKey::Ssh { .. }) => Ok((key.fingerprint().to_string(), key.line())),
        Ok(ApproverKey::Passkey(_)) => {
            Err("passkeys are enrolled by a link, which `writ-hub people invite` makes".to_owned())
        }
        Err(error) => Err(format!("--ssh-key: {error}")),
    }
}

async fn invite(
    config: &Config,
    store: &Store,
    person: &Person,
    valid: Duration,
) -> Result<(), String> {
    let token = secret::secret().map_err(|error| error.to_string())?;
    let now = now_ms();
    store
        .invite(person, &secret::digest(&token), now, now.saturating_add(in_ms(valid)))
        .await
        .map_err(|error| error.to_string())?;
    // Behind the #, so that it is in no log of a server.
    println!("{}/#/enrol/{token}", config.url.as_str());
    eprintln!("Hand this link to {} alone; it enrols one passkey, once.", person.name);
    Ok(())
}

async fn list(store: &Store) -> Result<(), String> {
    for person in store.people().await.map_err(|error| error.to_string())? {
        let account = store.account_of(&person).await.map_err(|error| error.to_string())?;
        let account = account.map_or(String::new(), |it| {
            let yet = if it.is_bound { "" } else { ", who has not logged in yet" };
            format!(", {} at the provider{yet}", shown(&it.name))
        });
        let sees = match store.sees(&person).await.map_err(|error| error.to_string())? {
            Sees::All => String::new(),
            Sees::Only(patterns) => format!(", sees {}", patterns.join(" ")),
        };
        println!("{} {} keys{account}{sees}", person.name, lines(store, &person).await?.len());
    }
    Ok(())
}

async fn lines(store: &Store, person: &Person) -> Result<Vec<String>, String> {
    store.lines(person).await.map_err(|error| error.to_string())
}

async fn find(store: &Store, name: &str) -> Result<Person, String> {
    let found = store.person(name).await.map_err(|error| error.to_string())?;
    found.ok_or_else(|| nobody(name))
}

fn nobody(name: &str) -> String {
    format!("the hub knows no approver {name:?}; `writ-hub people add {name}` adds one")
}
