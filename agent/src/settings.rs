//! Where the agent finds what it needs; the defaults are the paths of a host.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The root daemon of Writ: decides, grants, ends and records privilege elevation.
#[derive(Debug, Parser)]
#[command(name = "writd", version, about, after_help = "See writd(8).")]
pub struct CommandLine {
    /// What to do; without it, serve.
    #[command(subcommand)]
    pub action: Option<Action>,
    /// Where things are.
    #[command(flatten)]
    pub places: Places,
}

/// What writd does besides serving.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Makes the running agent read its policy files again; says what is wrong
    /// with them, if anything, and exits with 1 then.
    Reload,
    /// Reads policy files and says what is wrong with them; exits with 1 if
    /// anything is.
    Check {
        /// The directory with writ.toml.
        #[arg(default_value = POLICY_DIR)]
        dir: PathBuf,
    },
}

const POLICY_DIR: &str = "/etc/writ";

/// Where things are.
#[derive(Debug, Clone, clap::Args)]
pub struct Places {
    /// Policy files.
    #[arg(long, default_value = POLICY_DIR, value_name = "DIR")]
    pub policy: PathBuf,
    /// The state of the agent: the ledger, the key of the host and the last policy that was
    /// good.
    #[arg(long, default_value = "/var/lib/writ", value_name = "DIR")]
    pub state: PathBuf,
    /// Where to listen when systemd hands over no socket.
    #[arg(long, default_value = writ_protocol::SOCKET_PATH, value_name = "PATH")]
    pub socket: PathBuf,
    /// Where systemd looks for the sockets of user databases.
    #[arg(long, default_value = crate::userdb::FOLDER, value_name = "DIR")]
    pub user_database: PathBuf,
}

impl Places {
    /// The directory of the ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.state.join("ledger")
    }

    /// There while the courier has something to carry; writ-courier.path waits for it.
    #[must_use]
    pub fn courier_wanted(&self) -> PathBuf {
        self.state.join("courier-wanted")
    }

    /// The key that this host signs with.
    #[must_use]
    pub fn host_key(&self) -> PathBuf {
        self.state.join("host_key")
    }

    /// What was let pass while the agent was not there.
    #[must_use]
    pub fn without_agent(&self) -> PathBuf {
        self.state.join("without-agent")
    }

    /// The last policy files that were good.
    #[must_use]
    pub fn last_good(&self) -> PathBuf {
        self.state.join("policy.last-good")
    }
}
