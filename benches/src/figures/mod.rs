//! The figures, each in a file that is named by it.

mod agent_at_rest;
mod approval_to_start;
mod ending_together;
mod look_up;
mod module_against_plain;
mod page_to_start;
mod plugin_size;
mod replay;
mod restart;
mod rules_elsewhere;
mod run_against_systemd_run;
mod sudo_against_plain;
mod ten_thousand_hosts;
mod ten_thousand_rules;

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

/// Something that is promised of what needs no host.
pub(crate) struct FigureHere {
    /// What it is chosen by.
    pub(crate) name: &'static str,
    /// Measures it on this machine.
    pub(crate) measure: fn() -> Vec<Row>,
}

/// Those that are measured on this machine, before the hosts are booted.
pub(crate) const FIGURES_HERE: &[FigureHere] =
    &[FigureHere { name: "ten_thousand_hosts", measure: ten_thousand_hosts::measure }];

/// All of the others, in the order in which they are measured.
pub(crate) const FIGURES: &[Figure] = &[
    Figure { name: "sudo_against_plain", measure: sudo_against_plain::measure },
    Figure { name: "module_against_plain", measure: module_against_plain::measure },
    Figure { name: "approval_to_start", measure: approval_to_start::measure },
    Figure { name: "page_to_start", measure: page_to_start::measure },
    Figure { name: "run_against_systemd_run", measure: run_against_systemd_run::measure },
    Figure { name: "look_up", measure: look_up::measure },
    Figure { name: "ending_together", measure: ending_together::measure },
    Figure { name: "agent_at_rest", measure: agent_at_rest::measure },
    Figure { name: "plugin_size", measure: plugin_size::measure },
    Figure { name: "ten_thousand_rules", measure: ten_thousand_rules::measure },
    Figure { name: "rules_elsewhere", measure: rules_elsewhere::measure },
    Figure { name: "replay", measure: replay::measure },
    Figure { name: "restart", measure: restart::measure },
];
