//! `writ-hub serve`.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::now_ms;
use crate::config::Config;
use crate::hub::Hub;
use crate::limits::{HISTORY_MS, SEEN_WRITTEN_EVERY, SWEEP_EVERY};
use crate::live::Event;
use crate::oidc::Provider;
use crate::push::Push;
use crate::store::{Kind, Store};
use crate::web::server;

pub(super) async fn serve(config: Config, store: Store) -> Result<(), String> {
    let listen = config.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("listen = \"{listen}\": {error}"))?;
    let hub = start(config, store).await?;
    let at = listener.local_addr().map_err(|error| error.to_string())?;
    eprintln!("writ-hub: {} is served at {at}", hub.config.url.as_str());
    // systemd(1) may not have started it.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let ending = Arc::clone(&hub);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        ending.end();
    });
    server::serve(Arc::clone(&hub), listener).await?;
    hub.write_seen().await.map_err(|error| error.to_string())
}

/// A hub with what it does beside answering.
///
/// # Errors
/// When who is to be told cannot be, or a file that the configuration names cannot be read.
pub async fn start(config: Config, store: Store) -> Result<Arc<Hub>, String> {
    // The one that reqwest takes; a second start in one process finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let push = Push::new(&config, &store).await?;
    let oidc = config.oidc.as_ref().map(|it| Provider::new(it, config.url.as_str())).transpose()?;
    let hub = Hub::new(store, config, push, oidc);
    if hub.store.kind() == Kind::Postgres {
        let hub = Arc::clone(&hub);
        tokio::spawn(async move {
            tokio::select! {
                () = hub.live.listen(&hub.store) => {}
                () = hub.ended() => {}
            }
        });
    }
    tokio::spawn(tidy(Arc::clone(&hub)));
    let told = Arc::clone(&hub);
    tokio::spawn(async move { told.push.work(&told).await });
    Ok(hub)
}

/// Closes what nobody has answered, forgets what is old, notes who was heard of.
async fn tidy(hub: Arc<Hub>) {
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    let mut seen = tokio::time::interval(SEEN_WRITTEN_EVERY);
    loop {
        let done = tokio::select! {
            _ = sweep.tick() => swept(&hub).await,
            _ = seen.tick() => hub.write_seen().await.map_err(|error| error.to_string()),
            () = hub.ended() => return,
        };
        if let Err(error) = done {
            eprintln!("writ-hub: {error}");
        }
    }
}

async fn swept(hub: &Hub) -> Result<(), String> {
    let now = now_ms();
    let closed = hub.store.sweep(now, now.saturating_sub(HISTORY_MS)).await;
    for digest in closed.map_err(|error| error.to_string())? {
        hub.tell(Event::Over(digest)).await;
    }
    Ok(())
}
