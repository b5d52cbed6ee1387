//! `hours`, `not_after`, `time_zone` and `when`, of roles and rules.

use writ_engine::policy::{Condition, Times};

use crate::findings::Findings;
use crate::problem::Problem;
use crate::section::Section;
use crate::zone::{HostZone, RoleZone};
use crate::{condition, hours, zone};

impl Section<'_> {
    /// The zone that times of a role are in: its own, or else the host's.
    pub(super) fn take_zone<'h>(
        &mut self,
        host: &'h HostZone,
        found: &mut Findings,
    ) -> RoleZone<'h> {
        let named = self.take("time_zone").and_then(|value| {
            value.text(found, |name| {
                zone::named(name).map_err(|_| Problem::TimeZone(name.to_owned()))
            })
        });
        named.map_or(RoleZone::OfHost(host), |zone| RoleZone::Own(zone.value))
    }

    /// When a role or a rule stands.
    pub(super) fn take_times(&mut self, zone: &RoleZone<'_>, found: &mut Findings) -> Times {
        let hours = self.take("hours").and_then(|value| {
            value.text(found, |text| {
                hours::compile(text, zone.get())
                    .map_err(|why| Problem::Hours { text: text.into(), why })
            })
        });
        let before = self.take("not_after").and_then(|value| {
            let last = value.date(found)?;
            let after = hours::after(last, zone.get());
            if after.is_none() {
                found.note(value.place(), Problem::Date);
            }
            after
        });
        Times { hours: hours.map(|hours| hours.value), before }
    }

    /// The condition of a rule.
    pub(super) fn take_when(
        &mut self,
        zone: &RoleZone<'_>,
        found: &mut Findings,
    ) -> Option<Condition> {
        let value = self.take("when")?;
        let condition = value.text(found, |text| {
            condition::compile(text, zone.get()).map_err(|why| Problem::Condition { why })
        });
        condition.map(|condition| condition.value)
    }
}
