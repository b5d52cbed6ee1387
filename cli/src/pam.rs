//! The door `pam`: services' files, the module, and whether PAM still lets root in.

pub(crate) use writ_hinges::pam::{lines, module, service};

pub(crate) mod hurry;
pub(crate) mod probe;
