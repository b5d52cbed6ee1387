//! Runs the scenarios of a theme, on a host of each release.

use std::any::Any;
use std::cell::RefCell;
use std::io::{self, BufRead, Write};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::host::Host;
use crate::release::Release;

/// How many lines of the journal a failure shows at most.
const JOURNAL_LINES: usize = 30;

/// What marks its lines about comings and goings, which say nothing.
const COMINGS_AND_GOINGS: [&str; 5] = ["logind", "user-", "user@", "run-user", "User Manager"];

/// A named behaviour, and where it is to hold.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// The function's name.
    pub name: &'static str,
    /// Where it runs.
    pub releases: &'static [Release],
    /// What it does; it fails by panicking.
    pub run: fn(&Host),
}

/// Makes the `main` of a theme: what prepares a fresh host, then the scenarios
/// for `both` releases, `bookworm` and `trixie`, in any number and order.
///
/// Scenarios run in the order in which they are listed.
#[macro_export]
macro_rules! scenarios {
    (prepare: $prepare:path, $($releases:ident: [$($scenario:ident),* $(,)?]),* $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $crate::run_scenarios($prepare, &[$($(
                $crate::Scenario {
                    name: stringify!($scenario),
                    releases: $crate::scenarios!(@$releases),
                    run: $scenario,
                },
            )*)*])
        }
    };
    (@both) => { &$crate::Release::ALL };
    (@bookworm) => { &[$crate::Release::Bookworm] };
    (@trixie) => { &[$crate::Release::Trixie] };
}

/// What [`scenarios!`] calls: reads the arguments of the program, boots a host of
/// each release, and runs the scenarios on them. One line for each, then `N
/// passed, N failed`; exit status 1 if any failed.
pub fn run_scenarios(prepare: fn(&Host), scenarios: &[Scenario]) -> ExitCode {
    let wish = match Wish::read(std::env::args().skip(1)) {
        Ok(wish) => wish,
        Err(complaint) => {
            eprintln!("{complaint}");
            return ExitCode::from(2);
        }
    };
    if wish.list {
        for scenario in scenarios {
            println!("{}: test", scenario.name);
        }
        return ExitCode::SUCCESS;
    }
    say_panics_of_scenarios_with_their_result();
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let runs: Vec<_> = Release::ALL
            .into_iter()
            .filter(|release| wish.release.is_none_or(|wanted| wanted == *release))
            .map(|release| {
                let chosen = wish.choose(scenarios, release);
                let wish = &wish;
                scope.spawn(move || run_on(release, prepare, &chosen, wish))
            })
            .collect();
        runs.into_iter().map(|run| run.join().expect("its panics are caught")).collect()
    });
    let passed: usize = tallies.iter().map(|tally| tally.passed).sum();
    let failed: usize = tallies.iter().map(|tally| tally.failed).sum();
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the person who started the program wants.
#[derive(Debug, Default)]
struct Wish {
    list: bool,
    keep: bool,
    release: Option<Release>,
    filters: Vec<String>,
}

impl Wish {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut wish = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--list" => wish.list = true,
                "--keep" => wish.keep = true,
                "--release" => {
                    let name = arguments.next().unwrap_or_default();
                    let release = Release::named(&name).ok_or_else(|| {
                        format!("--release {name}: there are bookworm and trixie")
                    })?;
                    wish.release = Some(release);
                }
                // What cargo passes on for the usual harness.
                "--nocapture" | "--no-capture" | "--quiet" => {}
                option if option.starts_with('-') => {
                    return Err(format!(
                        "{option} is not known; there are --list, --keep, --release NAME and FILTER…"
                    ));
                }
                filter => wish.filters.push(filter.to_owned()),
            }
        }
        Ok(wish)
    }

    fn choose(&self, scenarios: &[Scenario], release: Release) -> Vec<Scenario> {
        let wanted = |name: &str| {
            self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter))
        };
        scenarios
            .iter()
            .filter(|scenario| scenario.releases.contains(&release) && wanted(scenario.name))
            .copied()
            .collect()
    }
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

fn run_on(release: Release, prepare: fn(&Host), scenarios: &[Scenario], wish: &Wish) -> Tally {
    let mut tally = Tally::default();
    if scenarios.is_empty() {
        return tally;
    }
    let start = Instant::now();
    let host = match caught(|| Host::boot(release)) {
        Ok(host) => host,
        Err(message) => {
            report(release, "FAIL", "boot", start, &message);
            return Tally { passed: 0, failed: scenarios.len() };
        }
    };
    if let Err(message) = caught(|| prepare(&host)) {
        report(release, "FAIL", "prepare", start, &message);
        tally.failed = scenarios.len();
    } else {
        report(release, "up", "booted and prepared", start, "");
        for scenario in scenarios {
            let (start, since) = (Instant::now(), SystemTime::now());
            match caught(|| (scenario.run)(&host)) {
                Ok(()) => {
                    tally.passed += 1;
                    report(release, "ok", scenario.name, start, "");
                }
                Err(message) => {
                    tally.failed += 1;
                    let journal = caught(|| journal(&host, since)).unwrap_or_default();
                    report(release, "FAIL", scenario.name, start, &format!("{message}\n{journal}"));
                }
            }
        }
    }
    if wish.keep {
        println!("{release}: nsenter -t {} -m -u -i -n -p -C bash; Enter ends it", host.leader());
        let _ = io::stdin().lock().read_line(&mut String::new());
    }
    tally
}

/// One line for a result, written at once: two releases print at the same time.
fn report(release: Release, result: &str, name: &str, start: Instant, message: &str) {
    let seconds = start.elapsed().as_secs_f32();
    let mut text = format!("{release:8}  {result:4}  {name} ({seconds:.1} s)\n");
    for line in message.trim_end().lines() {
        text.push_str(&format!("          {line}\n"));
    }
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// What root's processes have logged since then.
fn journal(host: &Host, since: SystemTime) -> String {
    let since = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let since = format!("--since=@{since}");
    let said = host.root(&["journalctl", "--no-pager", "--no-hostname", "_UID=0", &since]);
    let telling = |line: &&str| !COMINGS_AND_GOINGS.iter().any(|words| line.contains(words));
    let lines: Vec<&str> = said.stdout.lines().filter(telling).collect();
    let end = lines.len().saturating_sub(JOURNAL_LINES);
    format!("--- the journal\n{}", lines[end..].join("\n"))
}

thread_local! {
    /// What the panic hook heard on this thread, while a scenario runs on it.
    static HEARD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the words of a scenario's panic for its line in the report; those of
/// other threads are printed as ever.
fn say_panics_of_scenarios_with_their_result() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let kept = HEARD.with_borrow_mut(|heard| {
            heard.as_mut().map(|heard| *heard = panic.to_string()).is_some()
        });
        if !kept {
            usual(panic);
        }
    }));
}

/// Runs `step`; a panic in it becomes its message and place.
fn caught<T>(step: impl FnOnce() -> T) -> Result<T, String> {
    HEARD.set(Some(String::new()));
    let result = catch_unwind(AssertUnwindSafe(step));
    let heard = HEARD.take().unwrap_or_default();
    result.map_err(|_: Box<dyn Any + Send>| heard)
}
