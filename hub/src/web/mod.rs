//! HTTP: connections, who calls, what is taken from them, what every answer carries.

pub mod body;
pub mod guard;
pub mod params;
pub mod routes;
pub mod server;
mod stream;
pub(crate) mod tls;
pub mod who;
