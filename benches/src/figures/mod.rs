//! The figures, each in a file that is named by it.

mod sudo_against_plain;

use writ_tests::Host;

use crate::table::Row;

/// Something that is promised.
pub(crate) struct Figure {
    /// What it is chosen by.
    pub(crate) name: &'static str,
    /// Measures it on a host that has the product and the small policy in force, and
    /// leaves it so.
    pub(crate) measure: fn(&Host) -> Vec<Row>,
}

/// All of them, in the order in which they are measured.
pub(crate) const FIGURES: &[Figure] =
    &[Figure { name: "sudo_against_plain", measure: sudo_against_plain::measure }];
