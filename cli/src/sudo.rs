//! The door `sudo`: its configuration file, the plugin, and whether sudo really
//! takes both.

pub(crate) mod conf;
pub(crate) mod plugin;
pub(crate) mod probe;
