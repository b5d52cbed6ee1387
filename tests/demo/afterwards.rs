//! After the story: the host is the watcher's, who is alice, bob and root at once.

use std::process::Command;

use writ_tests::Host;

/// Told before and below the terminals.
const KEYS: &str = "click, or Ctrl-b and an arrow: another terminal - Ctrl-b d: the end";

/// Puts the three people's terminals side by side on this one, until the watcher
/// leaves. (A tmux of its own, which knows nothing of one around it.)
pub(crate) fn offer_shells(host: &Host) {
    println!("\nNow it is yours: alice, bob and root at their shells, in tmux.");
    println!("{KEYS}. All of it goes then.");
    println!("Enter opens it; Ctrl-D ends the demo now.");
    let mut answer = String::new();
    if !matches!(std::io::stdin().read_line(&mut answer), Ok(1..)) {
        return;
    }
    let socket = format!("writ-demo-{}", std::process::id());
    let tmux = |arguments: &[&str], shell: Option<&str>| {
        let mut command = Command::new("tmux");
        command.env_remove("TMUX").args(["-L", &socket, "-f", "/dev/null"]).args(arguments);
        if let Some(user) = shell {
            let login = host.login_here(user);
            command.arg(login.get_program()).args(login.get_args());
        }
        command.status().is_ok_and(|status| status.success())
    };
    let status = format!("alice | bob / root    {KEYS}");
    let opened = tmux(&["new-session", "-d", "-x", "160", "-y", "45"], Some("alice"))
        && tmux(&["set", "-g", "mouse", "on"], None)
        && tmux(&["set", "-g", "status-left-length", "150"], None)
        && tmux(&["set", "-g", "status-left", &status], None)
        && tmux(&["set", "-g", "status-right", ""], None)
        && tmux(&["setw", "-g", "window-status-current-format", ""], None)
        && tmux(&["split-window", "-v", "-f", "-l", "30%"], Some("root"))
        && tmux(&["split-window", "-h", "-t", ":.0"], Some("bob"))
        && tmux(&["select-pane", "-t", ":.0"], None)
        && tmux(&["attach-session"], None);
    if !opened {
        eprintln!("demo: tmux did not come up, so there are no shells.");
    }
    // It is gone already when all three have left.
    let _ = Command::new("tmux").args(["-L", &socket, "kill-server"]).output();
}
