//! The door `sudo`: sudo.conf, and the plugin that it loads.

pub mod conf;
pub mod plugin;
