//! `make bench`: the figures that are promised, measured on booted hosts.
//!
//! What needs no host is measured first, on this machine. The releases are measured one after the other, so that no host disturbs another.
//! This program boots the hosts; a copy of it on each host does there what must be
//! timed there (see `on_host`), so that no ssh is in what is timed. Times are of
//! CLOCK_MONOTONIC.
//!
//! ```text
//! bench [--list] [--keep] [--release bookworm|trixie] [FILTER…]
//! ```

mod arguments;
mod figures;
mod fleet;
mod on_host;
mod policies;
mod sample;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use writ_tests::{Host, Release};

use crate::arguments::Wish;
use crate::figures::{FIGURES, FIGURES_HERE, Figure};
use crate::table::Row;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == on_host::WORD) {
        on_host::run(&arguments[1..]);
        return ExitCode::SUCCESS;
    }
    let wish = match Wish::read(arguments.into_iter()) {
        Ok(wish) => wish,
        Err(complaint) => {
            eprintln!("bench: {complaint}");
            return ExitCode::from(2);
        }
    };
    if wish.list {
        let here = FIGURES_HERE.iter().map(|figure| figure.name);
        here.chain(FIGURES.iter().map(|figure| figure.name)).for_each(|name| println!("{name}"));
        return ExitCode::SUCCESS;
    }
    let mut tables = Vec::new();
    if FIGURES_HERE.iter().any(|figure| wish.wants_figure(figure.name)) {
        tables.push(shown("this machine", measured_here(&wish)));
    }
    let on_hosts = FIGURES.iter().any(|figure| wish.wants_figure(figure.name));
    for release in Release::ALL.into_iter().filter(|it| on_hosts && wish.wants_release(*it)) {
        tables.push(shown(&release.to_string(), measured_on(release, &wish)));
    }
    let count = |holds| tables.iter().flatten().filter(|row| row.holds() == Some(holds)).count();
    let (held, broken) = (count(true), count(false));
    println!("\n{held} bounds hold, {broken} do not");
    if broken == 0 && held > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the table of a machine.
fn shown(machine: &str, rows: Vec<Row>) -> Vec<Row> {
    print!("\n{}", table::of(machine, &rows));
    rows
}

/// Measures what is wanted and needs no host.
fn measured_here(wish: &Wish) -> Vec<Row> {
    let chosen = FIGURES_HERE.iter().filter(|figure| wish.wants_figure(figure.name));
    let measured = chosen.map(|figure| {
        println!("this machine: {}", figure.name);
        catch_unwind(figure.measure).unwrap_or_else(|_| vec![Row::unmeasured(figure.name)])
    });
    measured.flatten().collect()
}

/// Boots a host of `release`, measures on it what is wanted, and lets it go.
fn measured_on(release: Release, wish: &Wish) -> Vec<Row> {
    let chosen = FIGURES.iter().filter(|figure| wish.wants_figure(figure.name));
    println!("{release}: booting a host");
    let host = match catch_unwind(|| Host::boot(release)) {
        Ok(host) => host,
        Err(_) => return vec![Row::unmeasured("the host did not boot")],
    };
    let prepared = catch_unwind(AssertUnwindSafe(|| {
        host.install_product(policies::SMALL);
        on_host::copy_to(&host);
        on_host::prefer_agent(&host);
    }));
    if prepared.is_err() {
        return vec![Row::unmeasured("Writ could not be installed")];
    }
    let rows = chosen.flat_map(|figure| measured(&host, figure)).collect();
    if wish.keep {
        println!("{release}: nsenter -t {} -m -u -i -n -p -C bash; Enter ends it", host.leader());
        let _ = std::io::stdin().read_line(&mut String::new());
    }
    rows
}

/// A figure that panics is one whose bound does not hold.
fn measured(host: &Host, figure: &Figure) -> Vec<Row> {
    println!("{}: {}", host.release(), figure.name);
    catch_unwind(AssertUnwindSafe(|| (figure.measure)(host)))
        .unwrap_or_else(|_| vec![Row::unmeasured(figure.name)])
}
