//! Where a host lies: its folder, its control group, and the keeper that clears
//! both away.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::release::{Release, rig};

/// The folder of one host. Its name is the host's and its control group's.
///
/// A keeper process holds the other end of a pipe: when the berth is dropped, or
/// the test ends in any other way, the pipe closes and the keeper ends the host
/// and removes the folder and the control group. Should the keeper die as well
/// (the machine lost power), the next berth to be taken finds a folder that
/// nobody has locked and clears it away.
pub(crate) struct Berth {
    folder: PathBuf,
    keeper: Child,
    /// Locked as long as the test lives.
    _lock: File,
}

impl Berth {
    /// Takes a new berth, and clears away those whose test is gone.
    pub(crate) fn take(release: Release) -> Self {
        static TAKEN: AtomicU32 = AtomicU32::new(0);

        let berths = cache().join("hosts");
        fs::create_dir_all(&berths).expect("the test cache can be written (are you root?)");
        // Held while looking at the others, so that none is new and not locked yet.
        let door = File::create(cache().join(".hosts.lock")).expect("a lock file");
        door.lock().expect("a lock");
        sweep(&berths);

        let count = TAKEN.fetch_add(1, Ordering::Relaxed);
        let folder = berths.join(format!("writ-{release}-{}-{count}", std::process::id()));
        fs::create_dir(&folder).expect("a new folder");
        let lock = File::create(folder.join("lock")).expect("a lock file");
        lock.lock().expect("a lock");
        let keeper = Command::new("setsid")
            .arg(rig("discard.sh"))
            .arg("--at-eof")
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("setsid of util-linux can be started");
        Self { folder, keeper, _lock: lock }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // The keeper has limits of its own, and a failure here is no test's.
        let _ = self.keeper.wait();
    }
}

fn cache() -> PathBuf {
    std::env::var_os("WRIT_TEST_CACHE")
        .map_or_else(|| "/var/cache/writ-tests".into(), PathBuf::from)
}

fn sweep(berths: &Path) {
    for berth in fs::read_dir(berths).expect("a readable folder").flatten() {
        let abandoned = match File::open(berth.path().join("lock")) {
            Ok(lock) => lock.try_lock().is_ok(),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        if abandoned {
            let _ = Command::new(rig("discard.sh")).arg(berth.path()).status();
        }
    }
}
