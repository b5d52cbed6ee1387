//! Installation: the package comes and goes, the door is opened and closed, and
//! sudo works at every moment of it.

mod doctor;
mod door;
mod environment;
mod package;
mod refused;
mod state;
mod trial;

use doctor::*;
use door::*;
use environment::*;
use package::*;
use refused::*;
use trial::*;
use writ_tests::scenarios;

scenarios! {
    prepare: state::people_and_a_sudo_conf_of_their_own,
    both: [
        installing_changes_nothing_until_it_is_enabled,
        init_writes_a_first_policy_once,
        the_door_opens_once_and_closing_it_restores_every_byte,
        a_door_that_opens_closes_or_is_taken_off_its_hinges_is_on_record,
        no_sudo_fails_while_the_door_opens_and_closes,
        nothing_is_enabled_that_would_lock_people_out,
        a_plugin_that_cannot_be_loaded_is_met_by_nobody,
        without_a_rehearsal_a_plugin_that_cannot_be_loaded_is_taken_back,
        a_trial_that_is_confirmed_stays,
        a_trial_that_nobody_confirms_undoes_itself,
        a_reboot_undoes_a_trial,
        a_healthy_host_is_told_so,
        each_fault_is_named_with_its_remedy,
        a_broken_ledger_is_named_until_it_is_acknowledged,
        writ_needs_nothing_of_its_environment,
        output_that_nobody_reads_to_its_end_is_no_fault,
        an_upgrade_fails_no_sudo_and_keeps_who_waits,
        removing_the_package_gives_sudo_back,
        removing_works_though_the_plugin_is_gone,
        purging_keeps_the_record_and_says_so,
    ],
    trixie: [make_install_lays_out_what_the_package_does],
}
