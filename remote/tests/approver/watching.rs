//! An inbox that fills.

use writ_signed::{SignedQuestion, digest};

use crate::desk::{Desk, refused};
use crate::hub::{Hub, Reply, question, question_at};
use crate::{stranger, web};

#[test]
fn questions_are_shown_as_they_come_and_what_became_of_them() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    hub.asks(&web(), &question("web-1", "7K3M-Q2", "/srv/there-before"));
    let mut watch = desk.watch();
    watch.expect("/usr/bin/touch /srv/there-before");
    watch.expect(&format!("writ --hub {} approve 7K3M-Q2", hub.url()));
    hub.await_listener();
    let later = hub.asks(&web(), &question("web-1", "8ABC-DE", "/srv/later\u{1b}[2J"));
    watch.expect("/usr/bin/touch '/srv/later\\e[2J'");
    // Told twice, it is shown once.
    hub.tell("question", &later);
    hub.is_over(&later, "approved\u{1b}", "erin");
    let between = watch.expect("8ABC-DE on web-1 is over, the hub says: approved\\e, by erin");
    assert!(!between.contains("/srv/later"), "{between}");
    let all = watch.kill();
    assert!(!all.contains('\u{1b}'), "{all:?}");
}

#[test]
fn a_hub_that_was_lost_is_called_again_and_nothing_is_missed_or_doubled() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    let first = hub.asks(&web(), &question("web-1", "7K3M-Q2", "/srv/first"));
    let mut watch = desk.watch();
    watch.expect("/srv/first");
    hub.await_listener();
    hub.hang_up();
    watch.expect("it is called again");
    hub.is_over(&first, "denied", "erin");
    hub.asks(&web(), &question("web-1", "8ABC-DE", "/srv/second"));
    hub.await_listener();
    watch.expect("/srv/second");
    watch.expect("7K3M-Q2 on web-1 is over, the hub says: denied, by erin");
    let all = watch.kill();
    assert_eq!(all.matches("/srv/first").count(), 1, "{all}");
}

#[test]
fn what_is_forged_unknown_or_old_is_not_shown_and_stops_nothing() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    let mut watch = desk.watch();
    hub.await_listener();
    hub.asks(&stranger(), &question("web-1", "7K3M-Q2", "/srv/forged"));
    watch.expect("forged");
    let text = question("web-1", "7K3M-Q3", "/srv/edited");
    let mut signed = SignedQuestion::sign(&web(), text);
    signed.question = signed.question.replace("alice", "carol");
    hub.has(digest(&signed.question), signed);
    watch.expect("was changed on its way");
    hub.asks(&stranger(), &question("db-1", "7K3M-Q4", "/srv/unknown"));
    watch.expect("a host that is not known here, db-1");
    let old = question_at("web-1", "7K3M-Q5", "/srv/old", 1_795_475_525_000);
    hub.asks(&web(), &old);
    hub.asks(&web(), &question("web-1", "8ABC-DE", "/srv/good"));
    watch.expect("/usr/bin/touch /srv/good");
    let all = watch.kill();
    for part in ["/srv/forged", "/srv/edited", "/srv/unknown", "/srv/old"] {
        assert!(!all.contains(part), "{part}: {all}");
    }
}

#[test]
fn a_hub_that_was_never_there_ends_it_and_so_does_one_that_talks_nonsense() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[]);
    assert!(desk.run(&["pending"]).status.success());
    hub.reply_to("GET /v1/events", Reply::Silence);
    refused(&desk.run(&["watch"]), 6, &["has said nothing for"]);
    hub.reply_to("GET /v1/events", Reply::Endless);
    refused(&desk.run(&["watch"]), 1, &["not of the protocol", "4096 bytes"]);
    let nonsense = "event: question\ndata: ../session\n\n";
    hub.reply_to("GET /v1/events", Reply::Always(200, nonsense.to_owned()));
    refused(&desk.run(&["watch"]), 1, &["an event of it names no question"]);
}
