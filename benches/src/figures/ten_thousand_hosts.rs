//! Ten thousand hosts at one hub: all of them wait for answers, questions come in and are
//! answered all the while, and the time is taken from before an answer is sent until its host
//! has read it. Hub, hosts and approvers share this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use crate::fleet::{Approver, Asking, Hub, Member, Request, enrolled, logged_in};
use crate::sample::{Sample, in_ms};
use crate::table::Row;

const HOSTS: usize = 10_000;

/// A person may call 1,200 times in a minute.
const APPROVERS: usize = 40;

/// Questions that are put in a second: a little more than are to be answered in one.
const OFFERED_PER_SECOND: u32 = 210;

/// That are answered in a second.
const ANSWERED_MIN: f64 = 200.0;

/// At the 99th percentile, in milliseconds.
const TIME_MAX_MS: f64 = 250.0;

/// The most that the hub had resident, in MiB.
const RESIDENT_MAX: f64 = 512.0;

/// Questions that count: of half a minute.
const COUNTED: usize = 6_300;

/// Questions before them.
const WARM_UP: usize = 630;

/// So many hosts a second come to wait: their calls, which wait for 50 s, then end evenly.
const COMING_PER_SECOND: u32 = 200;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) fn measure() -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("an event loop").block_on(async {
        tokio::time::timeout(PATIENCE, with_all()).await.expect("it comes to an end")
    })
}

/// What waits for its turn to be asked.
struct Round {
    asking: Asking,
    answer: [Request; 2],
    approver: Arc<Mutex<Approver>>,
    arrived: oneshot::Receiver<(i64, Instant)>,
}

async fn with_all() -> Vec<Row> {
    let hub = Hub::start();
    let members = enrolled(&hub, HOSTS).await;
    let mut approvers = Vec::new();
    for approver in logged_in(&hub, APPROVERS).await {
        approvers.push(Arc::new(Mutex::new(approver)));
    }
    let without = hub.mib("VmRSS:");
    let (rounds, waiting) = prepared(members, &approvers).await;
    let begin = tokio::time::Instant::now();
    // They end before the hub does.
    let mut hosts = JoinSet::new();
    for (number, (member, told)) in (0..).zip(waiting) {
        hosts.spawn(member.wait(hub.address, told));
        sleep_until(begin + Duration::from_secs(1) * number / COMING_PER_SECOND).await;
    }
    // The last have come as well.
    sleep(Duration::from_secs(2)).await;
    let with_all = hub.mib("VmRSS:");

    let begin = tokio::time::Instant::now();
    let mut under_way = Vec::new();
    for (number, round) in (0..).zip(rounds) {
        sleep_until(begin + Duration::from_secs(1) * number / OFFERED_PER_SECOND).await;
        under_way.push(tokio::spawn(run(hub.address, round)));
    }
    let mut times = Vec::new();
    for round in under_way {
        times.push(round.await.expect("a question is asked and answered"));
    }
    let counted = &times[WARM_UP..];
    let first = times[..WARM_UP].iter().map(|(_, arrived)| *arrived).max().expect("a warm-up");
    let last = counted.iter().map(|(_, arrived)| *arrived).max().expect("what counts");
    let rate = f64::from(u32::try_from(COUNTED).expect("a number"))
        / last.saturating_duration_since(first).as_secs_f64();
    let times = Sample::of(counted.iter().map(|(sent, arrived)| *arrived - *sent));
    vec![
        Row::at_most(
            "10,000 hosts at one hub: its memory at most",
            hub.mib("VmHWM:"),
            RESIDENT_MAX,
            " MiB",
            0,
        ),
        Row::beside("  before they came; with all", format!("{without:.0}; {with_all:.0} MiB")),
        Row::at_least("  questions answered in a second", rate, ANSWERED_MIN, "", 0),
        Row::at_most(
            "  decision to host, 99th percentile",
            in_ms(times.percentile(99)),
            TIME_MAX_MS,
            " ms",
            1,
        ),
        Row::beside("  quartiles", times.quartiles()),
    ]
}

/// Signs what will be sent.
async fn prepared(
    members: Vec<Member>,
    approvers: &[Arc<Mutex<Approver>>],
) -> (Vec<Round>, Vec<(Member, oneshot::Sender<(i64, Instant)>)>) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let now_ms = u64::try_from(now.as_millis()).expect("a time");
    let (mut rounds, mut waiting) = (Vec::new(), Vec::new());
    for (number, member) in members.into_iter().enumerate() {
        let (told, arrived) = oneshot::channel();
        if rounds.len() < WARM_UP + COUNTED {
            let asking = member.asking(now_ms);
            let approver = Arc::clone(&approvers[number % approvers.len()]);
            let answer = approver.lock().await.answer(&member, &asking, now_ms);
            rounds.push(Round { asking, answer, approver, arrived });
        }
        waiting.push((member, told));
    }
    (rounds, waiting)
}

/// A question is put, answered, there, and over: when the answer was sent, and when it had
/// come.
async fn run(hub: SocketAddr, round: Round) -> (Instant, Instant) {
    let mut connection = round.asking.put(hub).await;
    let sent = round.approver.lock().await.submit(&round.answer).await;
    let (seq, arrived) = round.arrived.await.expect("its host waits");
    round.asking.done(&mut connection, seq).await;
    (sent, arrived)
}
