//! The door `sudo`: its configuration file, the plugin, and whether sudo really
//! takes both.

pub(crate) use writ_hinges::sudo::{conf, plugin};

pub(crate) mod probe;
