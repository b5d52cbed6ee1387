//! The plugin's file, where sudo looks for it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::host::Host;
use crate::sudo::conf::{PLUGIN_FILE, SudoConf};

/// Where distributions build sudo to look for its plugins (sudo.conf(5),
/// `plugin_dir`): Debian, Ubuntu, Fedora and openSUSE, then Arch.
const PLUGIN_FOLDERS: [&str; 3] = ["/usr/libexec/sudo", "/usr/lib/sudo", "/usr/lib64/sudo"];

/// The plugin that every sudo has: where it is, sudo looks.
const SUDOERS: &str = "sudoers.so";

/// Group and others may not write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why sudo must not, or cannot, load the plugin.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// No folder with `sudoers.so`.
    #[error(
        "sudo's plugin folder is not found ({SUDOERS} is in none of the usual ones); is sudo installed?"
    )]
    NoFolder,
    /// The file is not there.
    #[error("{path}: the file is not there; install the package `writ` again")]
    Missing {
        /// The file as the host names it.
        path: String,
    },
    /// It cannot be looked at.
    #[error("{path}: the file cannot be looked at ({source})")]
    Unreadable {
        /// The file as the host names it.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else could put another program there.
    #[error(
        "{path}: this must be root's and not writable by others, or whoever writes it is root; `chown root:root {path}; chmod go-w {path}`"
    )]
    Loose {
        /// The file or folder as the host names it.
        path: String,
    },
    /// Not a file.
    #[error("{path}: this is not a regular file; install the package `writ` again")]
    NotAFile {
        /// The file as the host names it.
        path: String,
    },
}

/// The path, as the host names it, of a plugin that sudo.conf names `named`.
///
/// # Errors
/// When the name is relative and sudo's plugin folder is not found.
pub fn locate(host: &Host, conf: &SudoConf, named: &Path) -> Result<PathBuf, PluginError> {
    if named.is_absolute() {
        return Ok(named.to_owned());
    }
    if let Some(folder) = &conf.plugin_dir {
        // sudo puts the two together as they are, a `/` between them or not.
        let mut path = folder.as_os_str().to_owned();
        path.push(named);
        return Ok(path.into());
    }
    PLUGIN_FOLDERS
        .iter()
        .map(PathBuf::from)
        .find(|folder| host.path(folder.join(SUDOERS)).exists())
        .map(|folder| folder.join(named))
        .ok_or(PluginError::NoFolder)
}

/// Checks that our plugin is where sudo will look, and that only root can change
/// it.
///
/// # Errors
/// When it is not, or others can.
pub fn check(host: &Host, conf: &SudoConf) -> Result<(), PluginError> {
    let path = locate(host, conf, Path::new(PLUGIN_FILE))?;
    check_file(host, &path)
}

/// The same for a path that [`locate`] gave.
///
/// # Errors
/// As [`check`].
pub fn check_file(host: &Host, path: &Path) -> Result<(), PluginError> {
    let name = path.display().to_string();
    let metadata = match fs::metadata(host.path(path)) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(PluginError::Missing { path: name });
        }
        Err(source) => return Err(PluginError::Unreadable { path: name, source }),
    };
    if !metadata.is_file() {
        return Err(PluginError::NotAFile { path: name });
    }
    for place in
        places(host, path).map_err(|source| PluginError::Unreadable { path: name, source })?
    {
        if !only_root_writes(host, &place) {
            let path = place.display().to_string();
            return Err(PluginError::Loose { path });
        }
    }
    Ok(())
}

/// The file, wherever links lead to, with every folder above it, and the folder in
/// which it is looked for: who may write to one of them chooses what is loaded.
fn places(host: &Host, path: &Path) -> io::Result<Vec<PathBuf>> {
    let root = fs::canonicalize(host.path("/"))?;
    let real = fs::canonicalize(host.path(path))?;
    let within = Path::new("/").join(real.strip_prefix(&root).unwrap_or(&real));
    let looked_for = path.parent().unwrap_or(Path::new("/"));
    Ok(within.ancestors().chain([looked_for]).map(Path::to_owned).collect())
}

/// Whether a file or folder of the host is root's and nobody else may write it.
pub fn only_root_writes(host: &Host, path: &Path) -> bool {
    let Ok(metadata) = fs::metadata(host.path(path)) else {
        return false;
    };
    host.owner().is_ok_and(|owner| owner.as_raw() == metadata.uid())
        && metadata.mode() & WRITABLE_BY_OTHERS == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn host_with_plugin() -> (tempfile::TempDir, Host) {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("usr/libexec/sudo");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(SUDOERS), "").unwrap();
        fs::write(folder.join(PLUGIN_FILE), "").unwrap();
        let host = Host::at(root.path());
        (root, host)
    }

    #[test]
    fn the_plugin_is_looked_for_where_sudo_looks() {
        let (_root, host) = host_with_plugin();
        let conf = SudoConf::default();
        assert!(check(&host, &conf).is_ok());
        for (folder, looked_at) in
            [("/opt/sudo/", "/opt/sudo/sudo_writ.so"), ("/opt/sudo", "/opt/sudosudo_writ.so")]
        {
            let moved = SudoConf::parse(format!("Path plugin_dir {folder}").as_bytes());
            assert!(
                matches!(check(&host, &moved), Err(PluginError::Missing { path }) if path == looked_at)
            );
        }
    }

    #[test]
    fn a_plugin_that_others_may_write_is_refused() {
        let (root, host) = host_with_plugin();
        let path = root.path().join("usr/libexec/sudo/sudo_writ.so");
        fs::set_permissions(path, fs::Permissions::from_mode(0o775)).unwrap();
        assert!(matches!(check(&host, &SudoConf::default()), Err(PluginError::Loose { .. })));
    }

    #[test]
    fn a_plugin_that_lies_where_others_may_write_is_refused() {
        let (root, host) = host_with_plugin();
        let home = root.path().join("home");
        fs::create_dir(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
        let path = root.path().join("usr/libexec/sudo/sudo_writ.so");
        fs::rename(&path, home.join(PLUGIN_FILE)).unwrap();
        std::os::unix::fs::symlink(home.join(PLUGIN_FILE), path).unwrap();
        let checked = check(&host, &SudoConf::default());
        assert!(matches!(checked, Err(PluginError::Loose { path }) if path == "/home"));
    }
}
