//! What the person who started the program wants.

use writ_tests::Release;

/// The words of the command line.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    /// Only the names of the figures.
    pub(crate) list: bool,
    /// The host is left up until Enter.
    pub(crate) keep: bool,
    release: Option<Release>,
    filters: Vec<String>,
}

impl Wish {
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
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

    pub(crate) fn wants_release(&self, release: Release) -> bool {
        self.release.is_none_or(|wanted| wanted == release)
    }

    pub(crate) fn wants_figure(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter))
    }
}
