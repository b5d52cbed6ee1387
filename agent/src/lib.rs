//! writd.
