//! What collectors get: everything, in order, however often they, the agent or the
//! courier are gone meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed; clippy exempts only the functions under #[test]"
)]

mod collectors {
    pub(crate) mod agent;
    pub(crate) mod collector;
    pub(crate) mod courier;
}

use collectors::agent::FakeAgent;
use collectors::collector::{Collector, Plain, Secured};
use collectors::courier::Courier;

#[test]
fn every_event_comes_in_order_and_those_that_come_later_too() {
    let agent = FakeAgent::with_events(200);
    let collector = Collector::<Plain>::listening();
    agent.tell(&[collector.url()]);
    let _courier = Courier::started(&agent);
    collector.await_events(1..=200);
    agent.add_events(50);
    collector.await_events(1..=250);
    assert_eq!(collector.repeated(), 0);
}

#[test]
fn a_message_is_counted_in_bytes_and_has_its_fields() {
    let agent = FakeAgent::with_events(1);
    let collector = Collector::<Plain>::listening();
    agent.tell(&[collector.url()]);
    let _courier = Courier::started(&agent);
    collector.await_events(1..=1);
    let message = collector.messages().remove(0);
    assert!(message.starts_with("<85>1 2027-01-15T08:00:00.000Z web-1 writd - request.opened [writ@32473 WRIT_EVENT=\"request.opened\" "), "{message}");
    assert!(message.contains(" WRIT_REASON=\"ü \\\"x\\\" \\]\" "), "{message}");
}

#[test]
fn a_collector_that_dies_in_between_gets_all_that_it_missed() {
    let agent = FakeAgent::with_events(20);
    let mut collector = Collector::<Plain>::listening();
    agent.tell(&[collector.url()]);
    let _courier = Courier::started(&agent);
    for end in [20, 40, 60, 80] {
        collector.await_events(1..=end);
        collector.die();
        agent.add_events(20);
        agent.await_error(&collector.url());
        collector.come_back();
    }
    collector.await_events(1..=100);
    agent.await_no_error(&collector.url());
}

#[test]
fn what_a_dying_collector_had_taken_and_lost_is_sent_again() {
    let agent = FakeAgent::with_events(5);
    let mut collector = Collector::<Plain>::listening();
    agent.tell(&[collector.url()]);
    let _courier = Courier::started(&agent);
    collector.await_events(1..=5);
    // It loses what it had in memory.
    collector.die();
    collector.forget();
    collector.come_back();
    collector.await_events(1..=5);
}

#[test]
fn what_counts_as_delivered_is_not_sent_again_by_a_courier_that_is_started_anew() {
    let agent = FakeAgent::with_events(30);
    let collector = Collector::<Plain>::listening();
    agent.tell(&[collector.url()]);
    let courier = Courier::started(&agent);
    collector.await_events(1..=30);
    courier.await_position(30);
    let courier = courier.killed_and_started(&agent);
    agent.add_events(3);
    collector.await_events(1..=33);
    assert_eq!(collector.repeated(), 0);
    // Killed before it counts: it comes twice, and is not missing.
    drop(courier);
}

#[test]
fn a_courier_that_is_killed_in_the_middle_loses_nothing() {
    let agent = FakeAgent::with_events(0);
    let collector = Collector::<Plain>::listening();
    agent.tell(&[collector.url()]);
    let mut courier = Courier::started(&agent);
    for round in 1..=5 {
        agent.add_events(100);
        collector.await_event(round * 100 - 50);
        courier = courier.killed_and_started(&agent);
    }
    collector.await_events(1..=500);
}

#[test]
fn an_agent_that_is_started_anew_is_found_again_and_nothing_comes_twice() {
    let mut agent = FakeAgent::with_events(10);
    let collector = Collector::<Plain>::listening();
    agent.tell(&[collector.url()]);
    let _courier = Courier::started(&agent);
    collector.await_events(1..=10);
    for end in [20, 30, 40] {
        agent.restart();
        agent.add_events(10);
        collector.await_events(1..=end);
    }
    assert_eq!(collector.repeated(), 0);
}

#[test]
fn a_collector_that_is_down_holds_up_no_other() {
    let agent = FakeAgent::with_events(10);
    let mut down = Collector::<Plain>::listening();
    down.die();
    let up = Collector::<Plain>::listening();
    agent.tell(&[down.url(), up.url()]);
    let _courier = Courier::started(&agent);
    up.await_events(1..=10);
    let error = agent.await_error(&down.url());
    assert!(error.contains("it cannot be reached"), "{error}");
    down.come_back();
    down.await_events(1..=10);
}

#[test]
fn datagrams_come_each_by_itself_and_again_where_nobody_took_them() {
    let agent = FakeAgent::with_events(10);
    let mut collector = Collector::<Plain>::of_datagrams();
    agent.tell(&[collector.url()]);
    let _courier = Courier::started(&agent);
    collector.await_events(1..=10);
    collector.die();
    agent.add_events(5);
    let error = agent.await_error(&collector.url());
    assert!(error.contains("Connection refused"), "{error}");
    collector.come_back();
    collector.await_events(1..=15);
    agent.await_no_error(&collector.url());
}

#[test]
fn over_tls_events_go_only_to_whom_the_authority_vouches_for() {
    let agent = FakeAgent::with_events(10);
    let collector = Collector::<Secured>::listening();
    agent.tell_with(&[collector.url()], Some("stranger.pem"));
    let _courier = Courier::started(&agent);
    let error = agent.await_error(&collector.url());
    assert!(error.contains("TLS with it fails") && error.contains("UnknownIssuer"), "{error}");
    assert_eq!(collector.messages().len(), 0);
    agent.tell_with(&[collector.url()], Some("authority.pem"));
    collector.await_events(1..=10);
    // The certificate is for another name than this one.
    agent.tell_with(&[collector.url().replace("localhost", "127.0.0.2")], Some("authority.pem"));
    let error = agent.await_error(&collector.url().replace("localhost", "127.0.0.2"));
    assert!(error.contains("not valid for name"), "{error}");
}

#[test]
fn a_file_of_authorities_that_cannot_be_read_is_named() {
    let agent = FakeAgent::with_events(1);
    let collector = Collector::<Secured>::listening();
    agent.tell_with(&[collector.url()], Some("nothing.pem"));
    let _courier = Courier::started(&agent);
    let error = agent.await_error(&collector.url());
    assert!(error.contains("nothing.pem cannot be read"), "{error}");
}

#[test]
fn without_anything_to_carry_the_courier_ends() {
    let agent = FakeAgent::with_events(1);
    let collector = Collector::<Plain>::listening();
    agent.tell(&[collector.url()]);
    let courier = Courier::started(&agent);
    collector.await_events(1..=1);
    agent.tell(&[]);
    assert!(courier.ended().success());
}
