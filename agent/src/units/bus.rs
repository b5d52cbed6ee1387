//! The system bus, and what is called and heard on it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_core::Stream;
use serde::Serialize;
use tokio::time::timeout;
use zbus::message::Type;
use zbus::{Connection, DynamicType, MatchRule, Message, MessageStream, OwnedVariant};

use super::properties::Properties;
use super::{UnitError, UnitName};

/// Where the system bus listens (D-Bus specification, "System message bus"). Not from
/// the environment.
const BUS_ADDRESS: &str = "unix:path=/run/dbus/system_bus_socket";

/// How long connecting may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// How often it is tried at once, right after the bus was restarted.
const CONNECTS_MAX: u32 = 16;

/// How long PID 1 may take for an answer: it says nothing while it reloads.
const CALL_MAX: Duration = Duration::from_secs(25);

const SYSTEMD: &str = "org.freedesktop.systemd1";
const MANAGER_OBJECT: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The interface of every unit.
pub(super) const UNIT: &str = "org.freedesktop.systemd1.Unit";

/// The interface of services.
pub(super) const SERVICE: &str = "org.freedesktop.systemd1.Service";

/// A signal: its interface and name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signal(&'static str, &'static str);

/// PID 1 has done a job: its number, its object, its unit and its result.
pub(super) const JOB_REMOVED: Signal = Signal(MANAGER, "JobRemoved");

/// Something of an object has changed.
pub(super) const PROPERTIES_CHANGED: Signal = Signal(PROPERTIES, "PropertiesChanged");

/// A connection to the bus.
#[derive(Debug, Clone)]
pub(super) struct Bus {
    connection: Connection,
    /// Whether PID 1 takes processes by pidfd, as far as is known.
    takes_pidfds: Arc<AtomicBool>,
}

/// Signals of one kind, as long as it is kept.
#[derive(Debug)]
pub(super) struct Heard(MessageStream);

impl Bus {
    pub(super) async fn connect() -> Result<Self, UnitError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let connecting = zbus::connection::Builder::address(BUS_ADDRESS).build();
            let connection = timeout(CONNECT_MAX, connecting)
                .await
                .map_err(|_| UnitError::Slow(CONNECT_MAX))??;
            let bus = Self { connection, takes_pidfds: Arc::new(AtomicBool::new(true)) };
            // PID 1 tells of its units only where somebody wants to know.
            match bus.manager("Subscribe", &()).await {
                // By one who had this name on a bus that is no more, and whose end PID 1
                // is about to notice: the next connection has another name.
                Err(error) if error.is_subscribed_already() && tries < CONNECTS_MAX => {}
                subscribed => return subscribed.map(|_| bus),
            }
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.connection.is_closed()
    }

    pub(super) fn takes_pidfds(&self) -> bool {
        self.takes_pidfds.load(Ordering::Relaxed)
    }

    pub(super) fn takes_no_pidfds(&self) {
        self.takes_pidfds.store(false, Ordering::Relaxed);
    }

    /// Hears a signal of PID 1's manager, where its argument of that number is this.
    pub(super) async fn hear(
        &self,
        signal: Signal,
        (argument, is): (u8, &str),
    ) -> Result<Heard, UnitError> {
        self.hear_rule(rule(signal).path(MANAGER_OBJECT).arg(argument, is).build()?).await
    }

    /// Hears a signal of a unit.
    pub(super) async fn hear_object(
        &self,
        signal: Signal,
        name: &UnitName,
    ) -> Result<Heard, UnitError> {
        self.hear_rule(rule(signal).path(name.object()).build()?).await
    }

    async fn hear_rule(&self, rule: MatchRule<'_>) -> Result<Heard, UnitError> {
        let hearing = MessageStream::for_match_rule(rule.to_owned(), &self.connection, None);
        let heard = timeout(CALL_MAX, hearing).await.map_err(|_| UnitError::Slow(CALL_MAX))??;
        Ok(Heard(heard))
    }

    pub(super) async fn start_transient(
        &self,
        name: &UnitName,
        properties: Properties<'_>,
        auxiliary: Vec<(&str, Properties<'_>)>,
    ) -> Result<(), UnitError> {
        // "fail": never in the place of another unit's job.
        let body = (name.as_str(), "fail", properties, auxiliary);
        self.manager("StartTransientUnit", &body).await.map(drop)
    }

    pub(super) async fn stop(&self, name: &UnitName) -> Result<(), UnitError> {
        self.manager("StopUnit", &(name.as_str(), "replace")).await.map(drop)
    }

    pub(super) async fn kill(&self, name: &UnitName, signal: i32) -> Result<(), UnitError> {
        self.manager("KillUnit", &(name.as_str(), "all", signal)).await.map(drop)
    }

    pub(super) async fn attach(&self, name: &UnitName, pids: &[u32]) -> Result<(), UnitError> {
        let body = (name.as_str(), "", pids);
        self.manager("AttachProcessesToUnit", &body).await.map(drop)
    }

    pub(super) async fn reset_failed(&self, name: &UnitName) -> Result<(), UnitError> {
        self.manager("ResetFailedUnit", &(name.as_str(),)).await.map(drop)
    }

    pub(super) async fn property(
        &self,
        name: &UnitName,
        interface: &str,
        property: &str,
    ) -> Result<OwnedVariant, UnitError> {
        let reply = self.call(&name.object(), PROPERTIES, "Get", &(interface, property)).await?;
        Ok(reply.body().deserialize()?)
    }

    async fn manager<B>(&self, method: &str, body: &B) -> Result<Message, UnitError>
    where
        B: Serialize + DynamicType,
    {
        self.call(MANAGER_OBJECT, MANAGER, method, body).await
    }

    async fn call<B>(
        &self,
        object: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message, UnitError>
    where
        B: Serialize + DynamicType,
    {
        let call =
            self.connection.call_method(Some(SYSTEMD), object, Some(interface), method, body);
        Ok(timeout(CALL_MAX, call).await.map_err(|_| UnitError::Slow(CALL_MAX))??)
    }
}

fn rule(signal: Signal) -> zbus::match_rule::Builder<'static> {
    let Signal(interface, member) = signal;
    MatchRule::builder().msg_type(Type::Signal).sender(SYSTEMD).interface(interface).member(member)
}

impl Heard {
    /// The result of the next job that is done.
    pub(super) async fn job_result(&mut self) -> Result<String, UnitError> {
        type Removed = (u32, zbus::OwnedObjectPath, String, String);
        let message = self.next().await?;
        let (_, _, _, result): Removed = message.body().deserialize()?;
        Ok(result)
    }

    /// The interface whose properties have changed, and what they are now.
    pub(super) async fn changed(
        &mut self,
    ) -> Result<(String, HashMap<String, OwnedVariant>), UnitError> {
        type Changed = (String, HashMap<String, OwnedVariant>, Vec<String>);
        let message = self.next().await?;
        let (interface, changed, _): Changed = message.body().deserialize()?;
        Ok((interface, changed))
    }

    async fn next(&mut self) -> Result<Message, UnitError> {
        let next = poll_fn(|context| Pin::new(&mut self.0).poll_next(context)).await;
        let lost = || UnitError::NoBus("the connection to it was lost".to_owned());
        Ok(next.ok_or_else(lost)??)
    }
}
