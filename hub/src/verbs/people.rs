//! `writ-hub people`.

use std::time::Duration;

use writ_signed::ApproverKey;

use crate::clock::{in_ms, now_ms};
use crate::command_line::People;
use crate::config::Config;
use crate::name::is_person_name;
use crate::secret;
use crate::store::{Added, Person, Store};

pub(super) async fn people(config: &Config, store: &Store, people: People) -> Result<(), String> {
    match people {
        People::Add { name, ssh_key, valid } => {
            add(config, store, &name, ssh_key.as_deref(), valid).await
        }
        People::Invite { name, valid } => {
            invite(config, store, &find(store, &name).await?, valid).await
        }
        People::List => list(store).await,
        People::Lines { name } => {
            for line in lines(store, &find(store, &name).await?).await? {
                println!("{line}");
            }
            Ok(())
        }
        People::RemoveKey { name, line } => {
            let person = find(store, &name).await?;
            let removed = store.remove_line(&person, line.trim(), now_ms()).await;
            match removed.map_err(|error| error.to_string())? {
                true => Ok(()),
                false => Err(format!("{name} has no such key; see `writ-hub people lines {name}`")),
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

async fn add(
    config: &Config,
    store: &Store,
    name: &str,
    ssh_key: Option<&str>,
    valid: Duration,
) -> Result<(), String> {
    if !is_person_name(name) {
        return Err(format!(
            "{name:?} is no approver's name: up to 64 letters, digits, dots, dashes and underscores"
        ));
    }
    // Before anybody is added.
    let key = ssh_key.map(ssh_line).transpose()?;
    let id = secret::name().map_err(|error| error.to_string())?;
    let person = store.add_person(&id, name, now_ms()).await.map_err(|error| error.to_string())?;
    let Some((fingerprint, line)) = key else {
        return invite(config, store, &person, valid).await;
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
        println!("{} {} keys", person.name, lines(store, &person).await?.len());
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
