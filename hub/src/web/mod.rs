//! HTTP: connections, who calls, what is taken from them, what every answer carries.

pub mod body;
pub mod guard;
pub mod routes;
pub mod server;
pub mod params;
mod stream;
mod tls;
pub mod who;
