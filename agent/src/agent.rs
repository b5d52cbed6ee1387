//! What the connections share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use writ_engine::Event;
use writ_engine::facts::{Person, Uid};
use writ_policy::Remote;
use writ_protocol::ErrorReply;
use writ_signed::HostKey;

use crate::accounts::Accounts;
use crate::bounded::Sweep;
use crate::clock;
use crate::core::Core;
use crate::courier::Courier;
use crate::glass::Marks;
use crate::host_key;
use crate::limits::Connections;
use crate::policy_files::{self, Taken};
use crate::process::Process;
use crate::proving::Proofs;
use crate::runs::Runs;
use crate::settings::Places;
use crate::signing::Refusals;
use crate::silent::Silent;
use crate::store;
use crate::units::Units;

/// The agent, as its connections see it.
pub(crate) struct Agent {
    /// Decides and records.
    pub core: Rc<Core>,
    /// Users and groups.
    pub accounts: Accounts,
    /// Connections that are open.
    pub connections: Connections,
    /// What the courier carries, and how it fares.
    pub courier: Courier,
    /// Processes that said that this is an emergency.
    pub glass: Marks,
    /// PID 1.
    pub units: Units,
    /// Commands that run as services.
    pub runs: Runs,
    /// Grants that have ended, for what they have left behind.
    pub sweep: Sweep,
    /// People who prove who they are.
    pub proofs: Proofs,
    /// Those of doors that have not asked yet.
    pub silent: Silent,
    /// What this host signs with; or why it cannot.
    pub host_key: Result<HostKey, String>,
    /// Signed answers that did not count.
    pub refusals: Refusals,
    /// Where things are.
    pub places: Places,
    refused: Cell<u64>,
    policy: RefCell<PolicyStanding>,
}

/// Where the policy stands.
#[derive(Debug, Clone)]
pub(crate) struct PolicyStanding {
    /// When the files in force were read, in milliseconds since 1970-01-01 UTC.
    pub loaded_wall_ms: u64,
    /// Why newer files were not taken.
    pub error: Option<String>,
}

impl Agent {
    /// An agent whose policy was read a moment ago.
    #[must_use]
    pub(crate) fn new(
        core: Rc<Core>,
        places: Places,
        policy_error: Option<String>,
        remote: Remote,
    ) -> Self {
        let standing = PolicyStanding { loaded_wall_ms: clock::now().wall.0, error: policy_error };
        let courier = Courier::new(remote);
        courier.say_whether_wanted(&places.courier_wanted());
        let host_key = host_key::read_or_make(&places.host_key());
        let host_key = host_key.map_err(|error| error.to_string());
        if let Err(why) = &host_key {
            eprintln!("{why}");
        }
        Self {
            core,
            courier,
            host_key,
            refusals: Refusals::default(),
            accounts: Accounts::default(),
            connections: Connections::default(),
            glass: Marks::default(),
            units: Units::default(),
            runs: Runs::default(),
            sweep: Sweep::default(),
            proofs: Proofs::default(),
            silent: Silent::default(),
            places,
            refused: Cell::new(0),
            policy: RefCell::new(standing),
        }
    }

    /// Who a process is.
    ///
    /// # Errors
    /// When the name service does not say.
    pub(crate) async fn person(&self, uid: Uid, process: &Process) -> Result<Person, ErrorReply> {
        let person = self.accounts.person(uid, process).await;
        person.map_err(|error| ErrorReply::Refused { message: error.to_string() })
    }

    /// Counts a connection that was closed for what it did, or for a limit.
    pub(crate) fn count_refused(&self) {
        self.refused.set(self.refused.get().saturating_add(1));
    }

    /// How many were.
    #[must_use]
    pub(crate) fn refused(&self) -> u64 {
        self.refused.get()
    }

    /// The name of this host, as the policy has it.
    #[must_use]
    pub(crate) fn host(&self) -> String {
        self.core.policy().settings().host.name.clone()
    }

    /// Where the policy stands.
    #[must_use]
    pub(crate) fn policy_standing(&self) -> PolicyStanding {
        self.policy.borrow().clone()
    }

    /// Reads the policy files again: all of them are taken, or none.
    ///
    /// # Errors
    /// With each error and its place, when none is.
    pub(crate) fn reload(&self) -> Result<(), ErrorReply> {
        match policy_files::read(&self.places.policy) {
            Ok(Taken { policy, remote, sources }) => {
                self.core.submit(Event::PolicyLoaded(policy))?;
                self.courier.set(remote);
                self.courier.judge(&self.core);
                self.courier.say_whether_wanted(&self.places.courier_wanted());
                policy_files::keep_last_good(&self.places.last_good(), &sources);
                let mut standing = self.policy.borrow_mut();
                *standing = PolicyStanding { loaded_wall_ms: clock::now().wall.0, error: None };
                Ok(())
            }
            Err(message) => {
                self.policy.borrow_mut().error = Some(message.clone());
                let _ = self.core.submit(Event::PolicyRefused { message: message.clone() });
                Err(ErrorReply::PolicyRefused { message })
            }
        }
    }

    /// Root has seen that the ledger is broken. Returns the files that hold what
    /// was put aside.
    ///
    /// # Errors
    /// When it is not broken, or the system refuses.
    pub(crate) fn acknowledge_break(
        &self,
        by: Person,
        comment: String,
    ) -> Result<String, ErrorReply> {
        let Some(what) = self.core.sealed() else {
            return Err(ErrorReply::Refused {
                message: "the ledger is not broken; there is nothing to acknowledge".to_owned(),
            });
        };
        let done = store::acknowledge(&self.places.ledger())
            .map_err(|error| ErrorReply::Refused { message: error.to_string() })?;
        let policy = self.core.policy();
        self.core.unseal(done.engine, done.ledger);
        self.core.submit(Event::Acknowledged { person: by, comment, what })?;
        self.core.submit(crate::start::started(policy, None)?)?;
        let kept: Vec<String> = done.kept.iter().map(|path| path.display().to_string()).collect();
        Ok(kept.join(" "))
    }
}
