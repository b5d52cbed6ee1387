//! `logout`: the login that is kept ends.

use reqwest::StatusCode;
use writ_desk::exit::Exit;
use writ_desk::moment::now_wall_ms;
use writ_desk::screen::print;

use crate::Desk;
use crate::failure::Failure;
use crate::session;

/// End the login that is kept
///
/// Here and at the hub, before its hour is over.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(desk: &mut Desk, _: &Arguments) -> Result<Exit, Failure> {
    let Some(session) = session::kept(desk.hub.origin(), now_wall_ms()) else {
        print("No login is kept.\n")?;
        return Ok(Exit::Done);
    };
    // Here first: what the hub says changes nothing of that.
    session::forget(desk.hub.origin())?;
    desk.hub.show_token(Some(session.token));
    match desk.hub.delete("/v1/session") {
        Err(error) if !error.is(StatusCode::UNAUTHORIZED) => return Err(desk.hub.failure(error)),
        _ => {}
    }
    print("The login has ended.\n")?;
    Ok(Exit::Done)
}
