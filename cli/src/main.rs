//! writ.
fn main() {}
