//! su, doas, sudo-rs and ssh, allowed by policy, against the same without the module.
//!
//! As [`super::sudo_against_plain`]: both are there at once, and what differs is a file of
//! PAM in a mount namespace. Of sshd there are two, each in such a namespace, on ports of
//! their own.

use writ_tests::{Host, PolicyFiles, Release};

use super::sudo_against_plain::{RATIO_MAX, ratio_of_medians, times};
use crate::on_host;
use crate::policies;
use crate::sample::Sample;
use crate::table::Row;

/// Rounds that count.
const ROUNDS: usize = 200;

/// Before each run.
const REST_MS: u64 = 40;

/// alice may run `true` as ever, become root, and log in.
const POLICY: PolicyFiles<'static> = &[
    policies::SMALL[0],
    policies::SMALL[1],
    (
        "roles.d/sessions.toml",
        "[role.sessions]\nmembers = [\"alice\"]\n[[role.sessions.rule]]\nservices = [\"su\", \"sshd\"]\ndecision = \"allow\"\n",
    ),
];

/// Files of PAM with the module and without, two sshd, and a key of alice's.
const PREPARE: &str = r#"
mkdir -p /srv/pam && cd /etc/pam.d
for service in su sudo doas sshd; do
    [ -e $service ] || continue
    { [ $service != su ] || echo 'auth sufficient pam_permit.so'; cat $service; } >/srv/pam/$service.plain
    { printf 'account required pam_writ.so\nsession required pam_writ.so\n'; cat /srv/pam/$service.plain; } >/srv/pam/$service.writ
done
install -d -m 700 -o alice /home/alice/.ssh
[ -e /srv/pam/key ] || ssh-keygen -q -t ed25519 -N '' -f /srv/pam/key
chown alice /srv/pam/key
cat /srv/pam/key.pub >>/home/alice/.ssh/authorized_keys
port=2201
for kind in plain writ; do
    printf 'Host %s\nHostName 127.0.0.1\nPort %s\nUser alice\nIdentityFile /srv/pam/key\nIdentitiesOnly yes\nBatchMode yes\nLogLevel ERROR\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n' $kind $port >>/srv/pam/ssh.conf
    systemd-run --quiet --unit=sshd-$kind unshare --mount sh -c "mount --bind /srv/pam/sshd.$kind /etc/pam.d/sshd && exec /usr/sbin/sshd -D -p $port"
    port=$((port + 1))
done
until ss -tln | grep -q :2201 && ss -tln | grep -q :2202; do sleep 0.1; done
"#;

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    host.take_policy(POLICY);
    host.root_sh(PREPARE).ok();
    on_host::put_agent_in_turns(host);
    let mut programs = vec![
        ("su", "su", "su -c true"),
        ("doas", "doas", "doas -n true"),
        ("ssh", "sshd", "ssh -F /srv/pam/ssh.conf KIND true"),
    ];
    if host.release() == Release::Trixie {
        programs.push(("sudo-rs", "sudo", "sudo-rs -n true"));
    }
    let contenders: Vec<String> = programs
        .iter()
        .flat_map(|(name, service, command)| {
            ["plain", "writ"].map(|kind| {
                let command = command.replace("KIND", kind);
                format!("{name}-{kind}=/srv/pam/{service}.{kind}:/etc/pam.d/{service}={command}")
            })
        })
        .collect();
    let times = times(host, &contenders, ROUNDS, REST_MS);
    host.root_sh("systemctl stop sshd-plain sshd-writ; systemctl restart writd.service").ok();
    host.take_policy(policies::SMALL);
    programs
        .iter()
        .flat_map(|(name, ..)| {
            let [plain, writ] = ["plain", "writ"].map(|kind| &times[&format!("{name}-{kind}")]);
            let what = format!("{name} with the module against without, medians");
            let quartiles = Sample::of(plain.iter().copied()).quartiles();
            [
                Row::at_most(&what, ratio_of_medians(writ, plain), RATIO_MAX, "", 3),
                Row::beside(&format!("  {name} (quartiles)"), quartiles),
            ]
        })
        .collect()
}
