//! The door `pam`: services' files, the module, and whether PAM still lets root in.

pub(crate) mod lines;
pub(crate) mod module;
pub(crate) mod probe;
pub(crate) mod service;
pub(crate) mod stack;
