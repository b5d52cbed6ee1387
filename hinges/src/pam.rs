//! The door `pam`: services' files, and the module that they run.

pub mod lines;
pub mod module;
pub mod service;
pub mod stack;
