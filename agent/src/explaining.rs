//! The call that tells what the policy would say, and why. Nothing comes of it.

use std::rc::Rc;

use writ_engine::facts::Person;
use writ_protocol::ErrorReply;
use writ_protocol::calls;
use writ_protocol::explained::{Explained, RoleStanding};

use crate::agent::Agent;
use crate::clock;
use crate::connection::Caller;
use crate::deciding::person;
use crate::door;

/// Root asks about anybody and sees all; anybody else about himself, and sees the
/// roles that he has: which others there are is not told.
///
/// # Errors
/// When somebody else asks about others, or the name service does not say who it is.
pub(crate) async fn explain(
    agent: &Rc<Agent>,
    caller: &Caller,
    explain: calls::Explain,
) -> Result<Explained, ErrorReply> {
    let himself = person(agent, caller).await?;
    let person = match explain.user {
        Some(name) if name != himself.account.name => {
            if !caller.peer.is_root() {
                return Err(ErrorReply::NotYours {
                    message: "only root asks what the policy says of others; leave the user out to ask about yourself".to_owned(),
                });
            }
            of_name(agent, name).await?
        }
        _ => himself,
    };
    let command = door::command(explain.command);
    let mut explained = writ_policy::explain(
        &agent.core.policy(),
        &person,
        &command,
        &explain.supposed,
        clock::now().wall,
    );
    if !caller.peer.is_root() {
        explained.roles.retain(|role| role.standing == RoleStanding::Has);
    }
    Ok(explained)
}

async fn of_name(agent: &Rc<Agent>, name: String) -> Result<Person, ErrorReply> {
    let refused = |message: String| ErrorReply::Refused { message };
    let number = agent.accounts.number_of(name.clone()).await;
    let number = number.map_err(|error| refused(error.to_string()))?;
    let number =
        number.ok_or_else(|| refused(format!("there is no user {name:?} on this host")))?;
    let person = agent.accounts.plain_person(number).await;
    person.map_err(|error| refused(error.to_string()))
}
