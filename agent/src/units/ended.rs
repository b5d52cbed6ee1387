//! The end of a unit, as PID 1 tells it.

use std::collections::HashMap;

use zbus::OwnedVariant;

use super::bus::{Bus, PROPERTIES_CHANGED, SERVICE, UNIT};
use super::{Kind, UnitError, UnitName};

/// siginfo's code of a process that exited (`waitid(2)`, `CLD_EXITED`).
const EXITED: i32 = 1;

/// Of one that a signal killed, without and with a core (`CLD_KILLED`, `CLD_DUMPED`).
const KILLED: [i32; 2] = [2, 3];

/// How a unit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Its main process exited, with this status. Where the service was never started,
    /// it is the step that failed (systemd.exec(5), "Process exit codes").
    Status(i32),
    /// Its main process was ended by this signal.
    Signal(i32),
    /// A scope's last process ended, or PID 1 knows the unit no more.
    Gone,
}

/// What PID 1 has said so far.
#[derive(Debug, Default)]
struct Told {
    code: i32,
    status: i32,
    is_over: bool,
}

/// Waits for the end, from what it is now on.
pub(super) async fn wait(bus: &Bus, name: &UnitName) -> Result<Ended, UnitError> {
    let mut changes = bus.hear_object(PROPERTIES_CHANGED, name).await?;
    let mut told = look(bus, name).await?;
    loop {
        if let Some(ended) = told.ended(name.kind()) {
            return Ok(ended);
        }
        let (of, changed) = changes.changed().await?;
        told.take(&of, &changed);
    }
}

async fn look(bus: &Bus, name: &UnitName) -> Result<Told, UnitError> {
    let mut told = Told::default();
    let mut properties = HashMap::new();
    let state = match bus.property(name, UNIT, "ActiveState").await {
        Err(error) if error.is_no_such_unit() => return Ok(Told { is_over: true, ..told }),
        state => state?,
    };
    properties.insert("ActiveState".to_owned(), state);
    told.take(UNIT, &properties);
    if name.kind() == Kind::Service {
        for property in ["ExecMainCode", "ExecMainStatus"] {
            let value = bus.property(name, SERVICE, property).await?;
            told.take(SERVICE, &HashMap::from([(property.to_owned(), value)]));
        }
    }
    Ok(told)
}

impl Told {
    fn take(&mut self, of: &str, changed: &HashMap<String, OwnedVariant>) {
        let number = |name| changed.get(name).and_then(|value| value.downcast_ref::<i32>().ok());
        match of {
            SERVICE => {
                self.code = number("ExecMainCode").unwrap_or(self.code);
                self.status = number("ExecMainStatus").unwrap_or(self.status);
            }
            UNIT => {
                let state = changed.get("ActiveState");
                if let Some(state) = state.and_then(|state| state.downcast_ref::<&str>().ok()) {
                    self.is_over = matches!(state, "inactive" | "failed");
                }
            }
            _ => {}
        }
    }

    fn ended(&self, kind: Kind) -> Option<Ended> {
        match (kind, self.code) {
            (Kind::Service, EXITED) => Some(Ended::Status(self.status)),
            (Kind::Service, code) if KILLED.contains(&code) => Some(Ended::Signal(self.status)),
            _ => self.is_over.then_some(Ended::Gone),
        }
    }
}
