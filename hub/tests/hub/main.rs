//! The hub as hosts, approvers and attackers meet it: real HTTP on loopback, SQLite, and
//! PostgreSQL where it is installed.
#![forbid(unsafe_code)]

mod answering;
mod asking;
mod browsers;
mod clients;
mod commands;
mod enrolling;
mod logging_in;
mod openapi;
mod page;
mod replicas;
mod rig;
mod telling;
