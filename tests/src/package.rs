//! The package under test.

use std::path::{Path, PathBuf};

/// The Debian package that `make deb` wrote, or the one that `WRIT_TEST_DEB` names.
///
/// # Panics
/// When there is none, or more than one.
pub fn package() -> PathBuf {
    if let Some(named) = std::env::var_os("WRIT_TEST_DEB") {
        return named.into();
    }
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
    let mut packages: Vec<PathBuf> = dist
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    assert!(packages.len() < 2, "there is more than one package in dist; `make deb` writes one");
    packages.pop().expect("there is no package in dist yet; `make deb` writes it")
}
