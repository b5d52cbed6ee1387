//! Doors that are opened, closed and taken off their hinges.

use writ_engine::event::Event;
use writ_engine::hinges::{Hinge, Hinges, Standing};
use writ_engine::record::What;

use crate::host::*;

fn on(file: &str) -> Hinge {
    Hinge { standing: Standing::On, fault: None, sha256: Some(file.into()) }
}

fn broken(fault: &str) -> Hinge {
    Hinge { standing: Standing::Broken, fault: Some(fault.into()), sha256: None }
}

fn seen(doors: &[(&str, Hinge)]) -> Hinges {
    doors.iter().map(|(door, hinge)| ((*door).to_string(), hinge.clone())).collect()
}

/// What is put on record when the doors are seen so.
fn told(host: &mut Host, doors: &[(&str, Hinge)]) -> Vec<String> {
    let before = host.records.len();
    host.tell(Event::DoorsSeen(seen(doors))).unwrap();
    let changes = host.records[before..].iter().map(|record| match &record.what {
        What::DoorChanged(change) => {
            format!("{} {:?} to {:?}", change.door, change.was, change.hinge.standing)
        }
        other => panic!("{other:?}"),
    });
    changes.collect()
}

#[test]
fn each_change_of_a_door_is_on_record_once() {
    let mut host = Host::new();
    assert_eq!(told(&mut host, &[]), [""; 0]);
    assert_eq!(told(&mut host, &[("sudo", on("a"))]), ["sudo Off to On"]);
    assert_eq!(told(&mut host, &[("sudo", on("a"))]), [""; 0]);
    let both = [("sudo", broken("loose")), ("pam:su", on("m"))];
    assert_eq!(told(&mut host, &both), ["pam:su Off to On", "sudo On to Broken"]);
    assert_eq!(told(&mut host, &both), [""; 0]);
    assert_eq!(
        told(&mut host, &[("sudo", broken("half"))]),
        ["pam:su On to Off", "sudo Broken to Broken"]
    );
}

#[test]
fn a_plugin_that_is_replaced_is_a_change() {
    let mut host = Host::new();
    told(&mut host, &[("sudo", on("a"))]);
    assert_eq!(told(&mut host, &[("sudo", on("b"))]), ["sudo On to On"]);
}

#[test]
fn what_changed_while_the_agent_was_not_there_is_on_record_when_it_is_back() {
    let mut host = Host::new();
    told(&mut host, &[("sudo", on("a"))]);
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    assert_eq!(told(&mut host, &[("sudo", on("a"))]), [""; 0]);
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    assert_eq!(told(&mut host, &[]), ["sudo On to Off"]);
}
