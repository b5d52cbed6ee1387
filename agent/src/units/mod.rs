//! What PID 1 does for Writ, over the system bus (org.freedesktop.systemd1(5)): scopes
//! around processes that are there already, services that it starts, their ends.
//!
//! The bus is connected to when it is first needed, and again after it was restarted.
//! PID 1 is heard about Writ's own units alone, and only while somebody waits for one:
//! at rest nothing wakes the agent.
//!
//! A unit stays with PID 1 until its end was read ([`Units::release`]): a service that
//! exits well stays as "exited", one that does not as "failed". So an agent that was
//! restarted meanwhile learns of it too.

mod bounds;
mod bus;
mod ended;
mod error;
mod name;
mod properties;

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::timeout;

use bus::{Bus, JOB_REMOVED};
pub(crate) use ended::Ended;
pub(crate) use error::UnitError;
pub(crate) use name::{Kind, UnitName};
pub(crate) use properties::{Bounds, Errand, Exec, Limit, Member, Scope, Service};

/// How long PID 1 may take to do what it was asked for: to start a unit, or to say that
/// it cannot be.
const JOB_MAX: Duration = Duration::from_secs(30);

/// How long a watch rests when the bus is away.
const BUS_REST: Duration = Duration::from_secs(1);

/// PID 1, as the agent asks it.
#[derive(Debug, Default)]
pub(crate) struct Units {
    bus: RefCell<Option<Bus>>,
}

impl Units {
    /// Whether PID 1 can be asked.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) async fn reach(&self) -> Result<(), UnitError> {
        self.on_bus(async |_| Ok(())).await
    }

    /// Puts processes into a scope of their own. They are in it when this returns.
    ///
    /// # Errors
    /// When PID 1 refuses, or cannot be asked.
    pub(crate) async fn start_scope(
        &self,
        name: &UnitName,
        scope: &Scope<'_>,
    ) -> Result<(), UnitError> {
        self.on_bus(async |bus| {
            if bus.takes_pidfds() {
                match start(bus, name, properties::of_scope_by_handle(scope)).await {
                    Err(error) if error.is_unknown_property() => bus.takes_no_pidfds(),
                    done => return done,
                }
            }
            // Before systemd 257 a number is all that PID 1 takes. Whoever is put into the
            // wrong scope that way would have the number of a process that ended this moment.
            start(bus, name, properties::of_scope_by_number(scope)).await
        })
        .await
    }

    /// How long PID 1 lets a scope be yet.
    ///
    /// # Errors
    /// When PID 1 refuses, or cannot be asked.
    pub(crate) async fn time_left(&self, scope: &UnitName) -> Result<Duration, UnitError> {
        self.on_bus(async |bus| bounds::time_left(bus, scope).await).await
    }

    /// Puts further processes into a scope.
    ///
    /// # Errors
    /// When PID 1 refuses, which it also does where one of them has ended; or cannot be
    /// asked.
    pub(crate) async fn attach(&self, scope: &UnitName, pids: &[u32]) -> Result<(), UnitError> {
        self.on_bus(async |bus| bus.attach(scope, pids).await).await
    }

    /// Starts a service. When this returns, its command has been executed.
    ///
    /// # Errors
    /// [`UnitError::NotStarted`] when it came to nothing, or, before systemd 257, when
    /// the command failed that fast: [`Units::ended`] says which. Others when PID 1
    /// refuses, or cannot be asked.
    pub(crate) async fn start_service(
        &self,
        name: &UnitName,
        service: &Service<'_>,
    ) -> Result<(), UnitError> {
        self.on_bus(async |bus| start(bus, name, properties::of_service(service)).await).await
    }

    /// Sets the limit of a service, which need not be there yet. When this returns, it
    /// counts.
    ///
    /// # Errors
    /// When PID 1 refuses, or cannot be asked.
    pub(crate) async fn start_limit(
        &self,
        name: &UnitName,
        limit: &Limit<'_>,
    ) -> Result<(), UnitError> {
        // A timer starts the service of its own name (systemd.timer(5), `Unit=`).
        let reached = name.as_str().replace(".timer", ".service");
        self.on_bus(async |bus| {
            let auxiliary = vec![(reached.as_str(), properties::of_limit_reached(limit))];
            start_with(bus, name, properties::of_limit(limit), auxiliary).await
        })
        .await
    }

    /// Starts a program of Writ's own.
    ///
    /// # Errors
    /// As [`Units::start_service`].
    pub(crate) async fn start_errand(
        &self,
        name: &UnitName,
        errand: &Errand<'_>,
    ) -> Result<(), UnitError> {
        self.on_bus(async |bus| start(bus, name, properties::of_errand(errand)).await).await
    }

    /// Begins to stop a unit: its processes are told to end, and killed when the grace
    /// of its [`Bounds`] is over. One that is gone has stopped.
    ///
    /// # Errors
    /// When PID 1 refuses, or cannot be asked.
    pub(crate) async fn stop(&self, name: &UnitName) -> Result<(), UnitError> {
        gone_is_done(self.on_bus(async |bus| bus.stop(name).await).await)
    }

    /// Sends a signal to every process of a unit. One that is gone has none.
    ///
    /// # Errors
    /// When PID 1 refuses, or cannot be asked.
    pub(crate) async fn kill(&self, name: &UnitName, signal: i32) -> Result<(), UnitError> {
        gone_is_done(self.on_bus(async |bus| bus.kill(name, signal).await).await)
    }

    /// Waits for the end of a unit: of a service, that of its main process; of a scope,
    /// that of its last one. Goes on waiting while the bus is away.
    ///
    /// # Errors
    /// When PID 1 refuses, or says what no version of it says.
    pub(crate) async fn ended(&self, name: &UnitName) -> Result<Ended, UnitError> {
        loop {
            match self.on_bus(async |bus| ended::wait(bus, name).await).await {
                Err(error) if error.is_of_bus() => tokio::time::sleep(BUS_REST).await,
                ended => return ended,
            }
        }
    }

    /// Lets PID 1 forget a unit whose end was read, and ends what still runs in it: this
    /// returns when all of it is gone.
    ///
    /// # Errors
    /// When PID 1 refuses, or cannot be asked.
    pub(crate) async fn release(&self, name: &UnitName) -> Result<(), UnitError> {
        let released = self.on_bus(async |bus| {
            let mut jobs = bus.hear(JOB_REMOVED, (2, name.as_str())).await?;
            bus.stop(name).await?;
            // Its grace is over then at the latest; what goes on, PID 1 kills.
            let _ = jobs.job_result().await?;
            bus.reset_failed(name).await
        });
        gone_is_done(released.await)
    }

    /// Does something over the bus: on the connection that there is, or, where that turns
    /// out to be lost, once more on a new one.
    async fn on_bus<T>(
        &self,
        work: impl AsyncFn(&Bus) -> Result<T, UnitError>,
    ) -> Result<T, UnitError> {
        let known = self.bus.borrow().clone();
        if let Some(bus) = known.filter(|bus| !bus.is_lost()) {
            match work(&bus).await {
                Err(UnitError::NoBus(_)) => {}
                done => return done,
            }
        }
        self.bus.take();
        let bus = Bus::connect().await?;
        self.bus.replace(Some(bus.clone()));
        work(&bus).await
    }
}

async fn start(
    bus: &Bus,
    name: &UnitName,
    properties: properties::Properties<'_>,
) -> Result<(), UnitError> {
    start_with(bus, name, properties, Vec::new()).await
}

/// And makes PID 1 know others, which are not started.
async fn start_with(
    bus: &Bus,
    name: &UnitName,
    properties: properties::Properties<'_>,
    auxiliary: Vec<(&str, properties::Properties<'_>)>,
) -> Result<(), UnitError> {
    // Heard from before the job is there, so that its end cannot be missed.
    let mut jobs = bus.hear(JOB_REMOVED, (2, name.as_str())).await?;
    bus.start_transient(name, properties, auxiliary).await?;
    let result = timeout(JOB_MAX, jobs.job_result()).await;
    match result.map_err(|_| UnitError::Slow(JOB_MAX))??.as_str() {
        "done" => Ok(()),
        result => Err(UnitError::NotStarted(name.clone(), result.to_owned())),
    }
}

fn gone_is_done(done: Result<(), UnitError>) -> Result<(), UnitError> {
    match done {
        Err(error) if error.is_no_such_unit() => Ok(()),
        done => done,
    }
}
