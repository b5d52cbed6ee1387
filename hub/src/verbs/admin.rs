//! `writ-hub token`, `hosts` and `audit`.

use writ_protocol::text::shown;

use crate::clock::{in_ms, now_ms};
use crate::command_line::{Audit, Hosts, Tokens};
use crate::config::Config;
use crate::name::is_host_name;
use crate::secret;
use crate::store::Store;

pub(super) async fn tokens(config: &Config, store: &Store, tokens: &Tokens) -> Result<(), String> {
    for host in &tokens.hosts {
        if !is_host_name(host) {
            return Err(format!(
                "{host:?} is no host's name: up to 253 letters, digits, dots, dashes and underscores"
            ));
        }
    }
    let now = now_ms();
    for host in &tokens.hosts {
        let token = secret::secret().map_err(|error| error.to_string())?;
        let expires = now.saturating_add(in_ms(tokens.valid));
        store
            .add_token(&secret::digest(&token), host, now, expires)
            .await
            .map_err(|error| error.to_string())?;
        println!("{host} {token}");
    }
    let url = config.url.as_str();
    eprintln!("On each host, as root: writ enroll {url}, which asks for the token");
    Ok(())
}

pub(super) async fn hosts(store: &Store, hosts: &Hosts) -> Result<(), String> {
    match hosts {
        Hosts::List => {
            for listed in store.hosts().await.map_err(|error| error.to_string())? {
                let ago = now_ms().saturating_sub(listed.seen_ms) / 1_000;
                println!(
                    "{} {} heard of {ago} s ago, {} open",
                    listed.host.name, listed.host.fingerprint, listed.open
                );
            }
            Ok(())
        }
        Hosts::Remove { host } => {
            let removed = store.remove_host(host, now_ms()).await;
            match removed.map_err(|error| error.to_string())? {
                true => Ok(()),
                false => Err(format!("no host {host:?} is enrolled; see `writ-hub hosts list`")),
            }
        }
    }
}

pub(super) async fn audit(store: &Store, audit: &Audit) -> Result<(), String> {
    let entries = store.audit(i64::from(audit.limit)).await;
    for entry in entries.map_err(|error| error.to_string())? {
        println!(
            "{} {} by {}: {} {}",
            entry.at_ms,
            entry.event,
            shown(&entry.who),
            shown(&entry.about),
            shown(&entry.detail)
        );
    }
    Ok(())
}
