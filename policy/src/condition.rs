//! `when`: from the expression of a file to the function that the engine calls.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use writ_conditions::{Condition as Expression, Doubt, Fact, Facts, ParseError};
use writ_engine::facts::{Door, Presence};
use writ_engine::policy::{Condition, Facts as Known};

use crate::zone;

/// Reads a condition whose `hour`, `weekday` and `date` are those of a zone.
///
/// # Errors
/// When it is none that can be evaluated.
pub(crate) fn compile(source: &str, zone: &TimeZone) -> Result<Condition, ParseError> {
    let (expression, zone) = (Expression::parse(source)?, zone.clone());
    Ok(Condition::new(source, move |known| {
        holds(&expression, known, &zone).map_err(|doubt| doubt.to_string())
    }))
}

fn holds(expression: &Expression, known: &Known<'_>, zone: &TimeZone) -> Result<bool, Doubt> {
    let Known { person, act, reason, ticket, host, wall } = known;
    let command = act.aim.command();
    let local = zone::local(*wall, zone);
    let date = local.as_ref().map(|local| local.date().to_string());
    let facts = Facts::default()
        .with("user", Fact::Text(&person.account.name))
        .with("groups", texts(&person.groups))
        .with("host", Fact::Text(&host.name))
        .with("tags", texts(&host.tags))
        .with("door", Fact::Text(door(act.door)))
        .with("command", command.map(|command| Fact::Text(&command.path)))
        .with("args", command.map(|command| texts(command.argv.iter().skip(1))))
        .with("cwd", command.map(|command| Fact::Text(&command.cwd)))
        .with("service", act.aim.session().map(|session| Fact::Text(&session.service)))
        .with("run_as", act.aim.run_as().map(|run_as| Fact::Text(&run_as.user)))
        .with("tty", Fact::Truth(act.tty.is_some()))
        .with("source_ip", act.source_ip.as_deref().map(Fact::Text))
        .with("interactive", Fact::Truth(act.presence == Presence::Interactive))
        .with("reason", reason.map(Fact::Text))
        .with("ticket", ticket.map(Fact::Text))
        .with("hour", local.as_ref().map(|local| Fact::Number(local.hour().into())))
        .with("weekday", local.as_ref().map(|local| Fact::Text(weekday(local.weekday()))))
        .with("date", date.as_deref().map(Fact::Text));
    expression.holds(&facts)
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> Fact<'a> {
    Fact::Texts(texts.into_iter().map(String::as_str).collect())
}

const fn door(door: Door) -> &'static str {
    match door {
        Door::Sudo => "sudo",
        Door::Pam => "pam",
        Door::Writ => "writ",
    }
}

const fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}
