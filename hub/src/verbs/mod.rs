//! What `writ-hub` does, by verb.

mod admin;
mod check;
mod people;
pub mod serve;

use crate::command_line::{CommandLine, Verb};
use crate::config::Config;
use crate::store::Store;

/// Does it.
///
/// # Errors
/// With the sentence for whoever called.
pub async fn run(line: CommandLine) -> Result<(), String> {
    let config = Config::read(&line.config).map_err(|error| error.to_string())?;
    if matches!(line.verb, Verb::Check) {
        return check::check(&line.config, &config);
    }
    let store = Store::open(&config.database).await.map_err(|error| error.to_string())?;
    match line.verb {
        Verb::Serve => serve::serve(config, store).await,
        Verb::Check => Ok(()),
        Verb::Token(tokens) => admin::tokens(&config, &store, &tokens).await,
        Verb::Hosts(hosts) => admin::hosts(&store, &hosts).await,
        Verb::People(people) => people::people(&config, &store, people).await,
        Verb::Audit(audit) => admin::audit(&store, &audit).await,
    }
}
