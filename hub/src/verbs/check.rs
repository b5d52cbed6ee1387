//! `writ-hub check`: what `serve` would read at its start, read.

use std::path::Path;

use crate::config::Config;
use crate::oidc::Provider;
use crate::push;
use crate::web::tls;

/// Reads every file that the configuration names, as a start does, and says what is wrong
/// with each.
pub(super) fn check(path: &Path, config: &Config) -> Result<(), String> {
    // The one that reqwest takes.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = config.tls.as_ref().map(|tls| tls::acceptor(tls).map(drop));
    let oidc = config.oidc.as_ref().map(|oidc| Provider::new(oidc, config.url.as_str()).map(drop));
    let channels = config.notify.iter().map(push::check);
    let wrong = tls.into_iter().chain(oidc).chain(channels).filter_map(Result::err);
    let lines: Vec<String> = wrong.map(|why| format!("{}: {why}", path.display())).collect();
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
}
