//! How the doors hang: whether each of them asks, and what is wrong with one that should.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use writ_engine::hinges::{Hinge, Hinges, Standing};

use crate::host::Host;
use crate::pam::service::{self, PAM_FOLDER, Service, ServiceError};
use crate::pam::{lines, module};
use crate::sudo::conf::{DoorState, SUDO_CONF, SudoConf};
use crate::sudo::plugin;

/// The name of the door `sudo`.
pub const SUDO: &str = "sudo";

/// Begins the name of a door that is a service of PAM.
const PAM: &str = "pam:";

/// A plugin or module longer than this is none of ours, in bytes.
const MODULE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How much of it is read at once, in bytes.
const PIECE_BYTES: usize = 16 * 1024;

/// How the doors of a host hang, and where what they hang on lies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// The doors that are not off.
    pub doors: Hinges,
    /// Folders in which a change may be one of a door.
    pub folders: BTreeSet<PathBuf>,
}

/// Looks at all of them. Blocks on the disk.
#[must_use]
pub fn doors(host: &Host) -> Look {
    let mut look = Look::default();
    look.folders.extend([folder_of(Path::new(SUDO_CONF)), PathBuf::from(PAM_FOLDER)]);
    look_at_sudo(host, &mut look);
    look_at_pam(host, &mut look);
    look
}

fn look_at_sudo(host: &Host, look: &mut Look) {
    let text = match fs::read(host.path(SUDO_CONF)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return,
        Err(error) => {
            look.put(SUDO.to_owned(), Err(format!("{SUDO_CONF} cannot be read: {error}")));
            return;
        }
    };
    let conf = SudoConf::parse(&text);
    let hung = match conf.door_state() {
        DoorState::Off => match conf.misspelt.first() {
            None => return,
            Some(line) => {
                Err(format!("sudo passes over this line of {SUDO_CONF}, which means Writ: {line}"))
            }
        },
        DoorState::Half => Err(format!("{SUDO_CONF} names only one of Writ's two plugins")),
        DoorState::On if !plugin::only_root_writes(host, SUDO_CONF.as_ref()) => {
            Err(format!("{SUDO_CONF} is not root's alone, and so sudo passes over it"))
        }
        DoorState::On => look_at_plugins(host, &conf, &mut look.folders),
    };
    look.put(SUDO.to_owned(), hung);
}

/// The digest of the plugin that sudo loads.
fn look_at_plugins(
    host: &Host,
    conf: &SudoConf,
    folders: &mut BTreeSet<PathBuf>,
) -> Result<String, String> {
    let mut digest = Err(format!("{SUDO_CONF} names no plugin"));
    for named in conf.plugin_paths() {
        let path = plugin::locate(host, conf, named).map_err(|error| error.to_string())?;
        folders.insert(folder_of(&path));
        plugin::check_file(host, &path).map_err(|error| error.to_string())?;
        digest = digest_of(host, &path);
    }
    digest
}

fn look_at_pam(host: &Host, look: &mut Look) {
    let enabled = match service::enabled(host) {
        Ok(enabled) => enabled,
        // A host may be without PAM.
        Err(ServiceError::File(_, error)) if error.kind() == ErrorKind::NotFound => return,
        Err(error) => {
            look.put(PAM.to_owned(), Err(error.to_string()));
            return;
        }
    };
    if enabled.is_empty() {
        return;
    }
    let module = module::locate(host).map_err(|error| error.to_string());
    if let Ok(path) = &module {
        look.folders.insert(folder_of(path));
    }
    let module = module.and_then(|path| {
        module::check(host).map_err(|error| error.to_string())?;
        digest_of(host, &path)
    });
    for (service, text) in enabled {
        let hung = look_at_service(host, &service, text).and_then(|()| module.clone());
        look.put(format!("{PAM}{}", service.name()), hung);
    }
}

/// Whether a service's file that has lines of Writ's asks it.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn look_at_service(host: &Host, service: &Service, text: String) -> Result<(), String> {
    let path = service.path().display().to_string();
    service::check_alone(host, &service.path()).map_err(|error| error.to_string())?;
    if !lines::asks(&text) {
        return Err(format!("{path} has lines of Writ's, and does not ask it"));
    }
    if service.is_stale(host, &text) {
        return Err(format!("{path} is a copy of a file that its package has changed since"));
    }
    let present = service::Present { text, vendors: false };
    match service.with_writ(host, &present, None) {
        Ok(expected) if expected == present.text => Ok(()),
        Ok(_) => Err(format!(
            "{path}: Writ's lines are not as, or not where, they were written; in {PAM_FOLDER}, a line above them that ends the stack passes them over"
        )),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

impl Look {
    fn put(&mut self, door: String, hung: Result<String, String>) {
        let hinge = match hung {
            Ok(sha256) => Hinge { standing: Standing::On, fault: None, sha256: Some(sha256) },
            Err(fault) => Hinge { standing: Standing::Broken, fault: Some(fault), sha256: None },
        };
        self.doors.insert(door, hinge);
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).to_owned()
}

fn digest_of(host: &Host, path: &Path) -> Result<String, String> {
    let read = || -> io::Result<Sha256> {
        let mut file = File::open(host.path(path))?.take(MODULE_BYTES_MAX);
        let (mut sha256, mut piece) = (Sha256::new(), [0; PIECE_BYTES]);
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(sha256),
                read => sha256.update(piece.get(..read).unwrap_or_default()),
            }
        }
    };
    let sha256 = read().map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    Ok(sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sudo::conf::with_writ;
    use std::os::unix::fs::PermissionsExt;

    fn a_host() -> (tempfile::TempDir, Host) {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("usr/libexec/sudo/sudoers.so", "");
        write("usr/libexec/sudo/sudo_writ.so", "plugin");
        let modules = format!("usr/lib/{}-linux-gnu/security", std::env::consts::ARCH);
        write(&format!("{modules}/pam_unix.so"), "");
        write(&format!("{modules}/pam_writ.so"), "module");
        write("etc/pam.d/su", "account required pam_unix.so\n");
        let host = Host::at(root.path());
        (root, host)
    }

    fn standing(host: &Host, door: &str) -> (Standing, String) {
        let hinge = doors(host).doors.remove(door).unwrap_or_default();
        (hinge.standing, hinge.fault.unwrap_or_default())
    }

    #[test]
    fn a_door_that_nobody_enabled_is_off() {
        let (root, host) = a_host();
        assert_eq!(doors(&host).doors, Hinges::new());
        fs::remove_dir_all(root.path().join("etc/pam.d")).unwrap();
        assert_eq!(doors(&host).doors, Hinges::new());
    }

    #[test]
    fn a_door_that_is_enabled_is_on_with_the_digest_of_what_asks() {
        let (root, host) = a_host();
        fs::write(root.path().join("etc/sudo.conf"), with_writ(None)).unwrap();
        let su = Service::named("su").unwrap();
        let present = su.read(&host).unwrap();
        su.write(&host, &su.with_writ(&host, &present, None).unwrap()).unwrap();
        let look = doors(&host);
        let names: Vec<&str> = look.doors.keys().map(String::as_str).collect();
        assert_eq!(names, ["pam:su", "sudo"]);
        assert!(look.doors.values().all(|hinge| hinge.standing == Standing::On), "{look:?}");
        let digest = |text: &str| Some(writ_engine::question::digest(text));
        assert_eq!(look.doors["sudo"].sha256, digest("plugin"));
        assert_eq!(look.doors["pam:su"].sha256, digest("module"));
        assert!(look.folders.contains(Path::new("/usr/libexec/sudo")), "{look:?}");
    }

    #[test]
    fn a_door_off_its_hinges_says_what_is_wrong() {
        let (root, host) = a_host();
        let conf = root.path().join("etc/sudo.conf");
        fs::write(&conf, "Plugin writ_audit sudo_writ.so\n").unwrap();
        assert_eq!(standing(&host, SUDO).0, Standing::Broken);
        fs::write(&conf, "Plugin writ_aproval sudo_writ.so\n").unwrap();
        assert!(standing(&host, SUDO).1.contains("passes over this line"));
        fs::write(&conf, with_writ(None)).unwrap();
        fs::set_permissions(&conf, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(standing(&host, SUDO).1.contains("not root's alone"));
        fs::set_permissions(&conf, fs::Permissions::from_mode(0o644)).unwrap();
        fs::remove_file(root.path().join("usr/libexec/sudo/sudo_writ.so")).unwrap();
        assert!(standing(&host, SUDO).1.contains("the file is not there"));
    }

    #[test]
    fn a_service_whose_lines_are_passed_over_is_broken() {
        let (root, host) = a_host();
        let su = Service::named("su").unwrap();
        let present = su.read(&host).unwrap();
        let with = su.with_writ(&host, &present, None).unwrap();
        fs::write(
            root.path().join("etc/pam.d/su"),
            format!("account sufficient pam_permit.so\n{with}"),
        )
        .unwrap();
        let (is, fault) = standing(&host, "pam:su");
        assert_eq!(is, Standing::Broken);
        assert!(fault.contains("passes them over"), "{fault}");
    }
}
