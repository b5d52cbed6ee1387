//! How long it takes to load 10,000 rules in 200 roles from files:
//! `cargo run --release -p writ-policy --example load_many`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use writ_policy::{HostName, Trust, load};

const ROLES: usize = 200;
const RULES_PER_ROLE: usize = 50;
const ROUNDS: usize = 9;

/// What loading may take at most on a machine that does nothing else.
const BOUND: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("roles.d"))?;
    fs::write(
        folder.path().join("writ.toml"),
        "[ask]\nfrom = [\"%ops\"]\nticket = '[A-Z]+-[0-9]+'\n",
    )?;
    for role in 0..ROLES {
        let mut text = format!("[role.r{role}]\nmembers = [\"%group{role}\", \"alice\"]\n");
        for rule in 0..RULES_PER_ROLE {
            writeln!(
                text,
                "[[role.r{role}.rule]]\nname = \"rule {rule}\"\n\
                 commands = [\"/usr/bin/systemctl restart unit-{role}-{rule}\", \"/opt/app{role}/bin/tool{rule} --file /var/log/* **\"]\n\
                 run_as = [\"root\"]\ndecision = \"ask\"\nask = {{ timeout = \"3m\" }}"
            )?;
        }
        fs::write(folder.path().join(format!("roles.d/{role}.toml")), text)?;
    }
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let loaded = load(folder.path(), &HostName::of(b"host"), Trust::Anybody)?;
        times.push(start.elapsed());
        let rules: usize = loaded.policy.settings().roles.iter().map(|role| role.rules.len()).sum();
        assert_eq!(rules, ROLES * RULES_PER_ROLE);
    }
    times.sort_unstable();
    let median = times.get(ROUNDS / 2).copied().unwrap_or_default();
    println!(
        "{} rules in {ROLES} roles: {:.1} ms (bound {} ms)",
        ROLES * RULES_PER_ROLE,
        median.as_secs_f64() * 1000.0,
        BOUND.as_millis()
    );
    Ok(())
}
