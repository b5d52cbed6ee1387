//! The package under test.

use std::path::{Path, PathBuf};

/// The Debian package that `make deb` wrote, or the one that `WRIT_TEST_DEB` names.
///
/// # Panics
/// When there is none, or more than one.
pub fn package() -> PathBuf {
    written("writ_", "WRIT_TEST_DEB")
}

/// The package of the hub, or the one that `WRIT_TEST_HUB_DEB` names.
///
/// # Panics
/// When there is none, or more than one.
pub fn hub_package() -> PathBuf {
    written("writ-hub_", "WRIT_TEST_HUB_DEB")
}

fn written(prefix: &str, variable: &str) -> PathBuf {
    if let Some(named) = std::env::var_os(variable) {
        return named.into();
    }
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
    let ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(prefix) && name.ends_with(".deb")
    };
    let mut packages: Vec<PathBuf> = dist
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(ours)
        .collect();
    assert!(
        packages.len() < 2,
        "there is more than one package {prefix}*.deb in dist; `make deb` writes one"
    );
    let missing = || panic!("there is no package {prefix}*.deb in dist yet; `make deb` writes it");
    packages.pop().unwrap_or_else(missing)
}
