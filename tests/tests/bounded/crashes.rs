//! The agent, a sudo, the leader of its session, PID 1's unit or the host is lost, at any
//! step of a grant's life: no elevation outlives its end, and no end is unrecorded.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use writ_tests::{Host, PATIENCE, Running};

use crate::policy::{GRACE, LATE_MAX, events};

/// How often on each host, unless `WRIT_CRASHES` says otherwise: each step with each
/// loss.
const CRASHES: usize = 25;

/// How long the grants stand.
const LASTS: Duration = Duration::from_secs(4);

/// What the looks themselves take on a busy machine.
const LOOK_MAX: Duration = Duration::from_millis(1500);

/// What is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    Agent,
    Sudo,
    /// The process that logind knows the session of the sudo by.
    Leader,
    /// The scope that PID 1 holds the command in, with all that is in it.
    Unit,
    Power,
}

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Asked,
    Approved,
    Running,
    Warned,
    Ending,
}

const LOSSES: [Lost; 5] = [Lost::Agent, Lost::Sudo, Lost::Leader, Lost::Unit, Lost::Power];
const STEPS: [Step; 5] = [Step::Asked, Step::Approved, Step::Running, Step::Warned, Step::Ending];

pub(crate) fn whatever_is_lost_no_elevation_outlives_its_end_and_no_end_is_unrecorded(host: &Host) {
    let number =
        |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seed = number("SEED").unwrap_or_else(now);
    let crashes = number("WRIT_CRASHES")
        .map_or(CRASHES, |number| usize::try_from(number).expect("not so many"));
    println!("{}: SEED={seed} WRIT_CRASHES={crashes}", host.release());
    let mut random = Random(seed | 1);
    let every = STEPS.iter().flat_map(|step| LOSSES.map(|lost| (lost, *step)));
    let mut wanted: Vec<(Lost, Step)> = every.collect();
    while wanted.len() < crashes {
        wanted.push((LOSSES[random.below(LOSSES.len())], STEPS[random.below(STEPS.len())]));
    }
    wanted.truncate(crashes);
    let mut latest = Duration::ZERO;
    for (number, place) in (0..crashes).enumerate() {
        let other = place + random.below(crashes - place);
        wanted.swap(place, other);
        let (lost, step) = wanted[place];
        latest = latest.max(live(host, number, lost, step, random.below(200)));
    }
    println!(
        "{}: {crashes} losses; the last process was gone {latest:?} after its deadline",
        host.release()
    );
}

/// One grant's life; how long after its deadline the last process was gone.
fn live(host: &Host, number: usize, lost: Lost, step: Step, moment: usize) -> Duration {
    let what = format!("run {number}: {lost:?} lost when {step:?}, {moment} ms later");
    let mark = format!("mark-{number}-{}", std::process::id());
    let program = if step == Step::Ending { "stubborn" } else { "patient" };
    let sudo = host.start_as("alice", &format!("sudo -n {program} {mark}"));
    let id = host.request_of("pending", &mark);
    let mut life = Life { host, id, mark, sudo: Some(sudo), deadline: None };
    if step == Step::Asked {
        life.lose(lost, moment);
        if matches!(lost, Lost::Sudo | Lost::Leader) {
            host.as_user("alice", &format!("writ cancel {}", life.id)).ok();
        }
        if !matches!(lost, Lost::Agent | Lost::Unit) {
            return life.end(&what);
        }
    }
    life.approve();
    if step != Step::Asked {
        if step != Step::Approved {
            life.runs();
        }
        match step {
            Step::Warned => life.pass(LASTS - Duration::from_millis(800)),
            Step::Ending => life.pass(LASTS + Duration::from_millis(300)),
            _ => {}
        }
        life.lose(lost, moment);
        if lost == Lost::Unit && matches!(step, Step::Running | Step::Warned) {
            life.gone_at_once(&what);
        }
    }
    life.end(&what)
}

/// Kills the leaders of alice's sessions.
const LEADER: &str = "
loginctl list-sessions --no-legend | while read -r session _ user _; do
    [ \"$user\" = alice ] || continue
    leader=$(loginctl show-session \"$session\" --property Leader --value) || continue
    kill -KILL \"$leader\" && echo killed
done";

struct Life<'a> {
    host: &'a Host,
    id: String,
    mark: String,
    sudo: Option<Running>,
    deadline: Option<Instant>,
}

impl Life<'_> {
    fn approve(&mut self) {
        let said = self.host.as_user("bob", &format!("writ approve --yes --for 4s {}", self.id));
        said.ok();
        self.deadline = Some(Instant::now() + LASTS);
    }

    fn runs(&self) {
        self.host.wait_until("the command to run", PATIENCE, || self.processes() > 0);
    }

    /// How many there are of the command.
    fn processes(&self) -> usize {
        let found = self.host.root_sh(&format!(
            "pgrep -c -f '^/bin/bash /usr/bin/(patient|stubborn) {}$' || :",
            self.mark
        ));
        found.stdout.trim().parse().expect("a number")
    }

    fn gone_at_once(&self, what: &str) {
        let limit = Duration::from_millis(500);
        let dead = || self.processes() == 0;
        self.host.wait_until(&format!("the unit's processes to be dead, {what}"), limit, dead);
    }

    fn pass(&self, since_approval: Duration) {
        let at = self.deadline.expect("it was approved") - LASTS + since_approval;
        self.host.wait_until("the moment", PATIENCE, || Instant::now() >= at);
    }

    fn lose(&mut self, lost: Lost, moment: usize) {
        let at = Instant::now() + Duration::from_millis(moment as u64);
        self.host.wait_until("the moment", PATIENCE, || Instant::now() >= at);
        match lost {
            Lost::Agent => {
                self.host.root(&["systemctl", "kill", "--signal=KILL", "writd"]);
            }
            Lost::Sudo => {
                self.host
                    .root_sh(&format!("pkill -KILL -o -f '^sudo -n .* {}$' || :", self.mark))
                    .ok();
            }
            Lost::Leader => {
                let killed = self.host.root_sh(LEADER);
                assert!(killed.ok().contains("killed"), "alice has no session: {killed:?}");
            }
            Lost::Unit => {
                // There is none before the command runs.
                self.host.root_sh(&format!("systemctl kill --signal=KILL 'writ-{}-*'", self.id));
            }
            Lost::Power => {
                self.sudo = None;
                self.host.cut_power();
            }
        }
    }

    /// Waits until all of it has ended, on the host and on record.
    fn end(self, what: &str) -> Duration {
        let late = match self.deadline {
            None => Duration::ZERO,
            Some(deadline) => {
                let limit = LASTS + GRACE + PATIENCE;
                self.host.wait_until(
                    &format!("the last process to be gone, {what}"),
                    limit,
                    || self.processes() == 0,
                );
                let late = Instant::now().saturating_duration_since(deadline);
                assert!(late < GRACE + LATE_MAX + LOOK_MAX, "{late:?} after the deadline, {what}");
                late
            }
        };
        self.host.root(&["writ", "status"]).ok();
        let (mut story, limit) = (Vec::new(), LASTS + PATIENCE);
        self.host.wait_until(&format!("its end on record, {what}"), limit, || {
            story = events(self.host, &self.id);
            is_whole(&story)
        });
        late
    }
}

/// Whether everything that began has ended.
fn is_whole(story: &[String]) -> bool {
    let count = |name: &str| story.iter().filter(|event| *event == name).count();
    let asked_in_vain =
        count("request.expired") + count("request.cancelled") + count("request.denied");
    count("request.opened") == 1
        && asked_in_vain + count("grant.started") == 1
        && count("grant.started") == count("grant.ended")
        && count("command.started") == count("command.finished")
}

/// xorshift64 (Marsaglia, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).expect("it is less")
    }
}
