//! `writ enable pam`: lines come and go in services' files, and nobody is locked out, or
//! let in, by a module that is gone.
//!
//! What the module itself decides is no matter here: pam_permit stands in for it, which
//! lets everybody on, and pam_deny where one is to refuse.

mod doctor;
mod lines;
mod missing;
mod refused;
mod state;
mod trial;

use doctor::*;
use lines::*;
use missing::*;
use refused::*;
use trial::*;
use writ_tests::scenarios;

scenarios! {
    prepare: state::a_module_that_lets_everybody_on,
    both: [
        lines_come_once_and_go_without_a_trace,
        a_file_keeps_its_owner_mode_and_attributes,
        a_file_of_the_vendors_is_copied_and_its_copy_goes_again,
        who_asks_is_refused_by_the_module,
        without_the_module_only_root_gets_through,
        no_limit_of_a_users_own_lets_him_by,
        nothing_is_enabled_that_is_not_one_service,
        nothing_is_enabled_that_would_lock_root_out,
        a_module_that_hangs_or_crashes_is_met_by_nobody,
        a_trial_that_nobody_confirms_undoes_itself,
        a_trial_that_is_confirmed_stays,
        a_reboot_undoes_a_trial,
        doctor_names_each_fault,
        removing_the_package_takes_the_lines_out,
    ],
}
