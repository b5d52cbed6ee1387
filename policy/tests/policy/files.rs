//! Real files: whose they are, who may write them, and what is passed over.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use tempfile::TempDir;
use writ_policy::{
    Colour, FILE_BYTES_MAX, FILES_MAX, HostName, Loaded, POLICY_BYTES_MAX, Refusal, SourceFile,
    Trust, load,
};

const ROLE: &str =
    "[role.a]\nmembers = [\"alice\"]\n[[role.a.rule]]\ncommands = [\"ALL\"]\ndecision = \"deny\"\n";

/// A policy folder that is whoever's runs the tests.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        for name in ["roles.d", "approvers.d"] {
            fs::create_dir(folder.path(name)).unwrap();
            folder.mode(name, 0o755);
        }
        folder.write("writ.toml", "mode = \"enforce\"\n");
        folder.write("roles.d/a.toml", ROLE);
        folder
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
        self.mode(name, 0o644);
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    fn owner(&self) -> u32 {
        fs::metadata(self.0.path()).unwrap().uid()
    }

    fn load(&self) -> Result<Loaded, Refusal> {
        load(self.0.path(), &HostName::of(b"web-1"), Trust::OwnedBy(self.owner()))
    }

    /// What is told, with `DIR` for the folder.
    fn refused(&self) -> String {
        let told = self.load().expect_err("this must be refused").render(Colour::Plain);
        told.replace(&*self.0.path().to_string_lossy(), "DIR")
    }
}

#[test]
fn a_folder_is_read_with_all_its_files() {
    let folder = Folder::new();
    folder.write("approvers.d/bob.toml", "[approver.bob]\nunix_user = \"bob\"\n");
    let loaded = folder.load().unwrap();
    let names = ["writ.toml", "roles.d/a.toml", "approvers.d/bob.toml"];
    assert_eq!(
        loaded.sources.iter().map(SourceFile::path).collect::<Vec<_>>(),
        names.map(|name| folder.path(name))
    );
    assert_eq!(loaded.policy.settings().roles.len(), 1);
}

#[test]
fn the_digest_does_not_depend_on_where_the_folder_is() {
    let (one, other) = (Folder::new().load().unwrap(), Folder::new().load().unwrap());
    assert_eq!(one.policy, other.policy);
}

#[test]
fn without_files_or_a_folder_the_policy_is_that_of_a_fresh_install() {
    let nowhere = load(Path::new("/nonexistent/writ"), &HostName::of(b"web-1"), Trust::OwnedBy(0));
    let empty = TempDir::new().unwrap();
    let empty = load(empty.path(), &HostName::of(b"web-1"), Trust::Anybody);
    assert_eq!(nowhere.unwrap(), empty.unwrap());
}

#[test]
fn what_editors_and_package_managers_leave_is_passed_over() {
    let folder = Folder::new();
    for name in [
        "roles.d/.a.toml.swp",
        "roles.d/.hidden.toml",
        "roles.d/a.toml~",
        "roles.d/#a.toml#",
        "roles.d/a.toml.dpkg-old",
        "roles.d/a.toml.rpmnew",
        "roles.d/README",
        "other.toml",
    ] {
        folder.write(name, "this is no policy");
        folder.mode(name, 0o666);
    }
    symlink("alice@web-1.123", folder.path("roles.d/.#a.toml")).unwrap();
    assert_eq!(folder.load().unwrap().sources.len(), 2);
}

#[test]
fn a_loose_mode_is_refused_for_files_and_folders() {
    let folder = Folder::new();
    folder.mode("writ.toml", 0o664);
    folder.mode("roles.d", 0o777);
    folder.mode("approvers.d", 0o1775);
    assert_eq!(
        format!("\n{}", folder.refused()),
        r#"
error: its group or others may write this (mode 0664)
 --> DIR/writ.toml
  = help: run `chmod go-w DIR/writ.toml`

error: its group or others may write this (mode 0777)
 --> DIR/roles.d
  = help: run `chmod go-w DIR/roles.d`

error: its group or others may write this (mode 1775)
 --> DIR/approvers.d
  = help: run `chmod go-w DIR/approvers.d`
"#
    );
}

#[test]
fn a_loose_policy_folder_is_refused() {
    let folder = Folder::new();
    folder.mode("", 0o757);
    assert!(folder.refused().starts_with("error: its group or others may write this (mode 0757)"));
}

#[test]
fn a_file_of_another_user_is_refused() {
    let folder = Folder::new();
    if folder.owner() == 0 {
        chown(folder.path("roles.d/a.toml"), Some(12345), None).unwrap();
        assert_eq!(
            format!("\n{}", folder.refused()),
            r#"
error: this belongs to the user 12345, not to 0
 --> DIR/roles.d/a.toml
  = help: run `chown 0 DIR/roles.d/a.toml`
"#
        );
    }
    let trust = Trust::OwnedBy(folder.owner() + 1);
    let told = load(folder.0.path(), &HostName::of(b"web-1"), trust).unwrap_err().to_string();
    assert!(told.contains("belongs to the user"), "{told}");
}

#[test]
fn a_checkout_is_looked_at_whosever_it_is() {
    let folder = Folder::new();
    folder.mode("roles.d/a.toml", 0o666);
    let loaded = load(folder.0.path(), &HostName::of(b"web-1"), Trust::Anybody);
    assert_eq!(loaded.unwrap().sources.len(), 2);
}

#[test]
fn links_devices_and_folders_are_no_files() {
    let folder = Folder::new();
    symlink(folder.path("writ.toml"), folder.path("roles.d/link.toml")).unwrap();
    symlink("/nonexistent", folder.path("roles.d/dangling.toml")).unwrap();
    fs::create_dir(folder.path("roles.d/folder.toml")).unwrap();
    folder.mode("roles.d/folder.toml", 0o755);
    let fifo = folder.path("roles.d/fifo.toml");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    assert_eq!(
        format!("\n{}", folder.refused()),
        r#"
error: this is a symbolic link, and links are not followed
 --> DIR/roles.d/dangling.toml
  = help: put the thing itself here

error: this is not a regular file
 --> DIR/roles.d/fifo.toml
  = help: put the thing itself here, not a link or a device

error: this is not a regular file
 --> DIR/roles.d/folder.toml
  = help: put the thing itself here, not a link or a device

error: this is a symbolic link, and links are not followed
 --> DIR/roles.d/link.toml
  = help: put the thing itself here
"#
    );
}

#[test]
fn a_folder_behind_a_link_is_refused() {
    let folder = Folder::new();
    fs::rename(folder.path("roles.d"), folder.path("elsewhere")).unwrap();
    symlink("elsewhere", folder.path("roles.d")).unwrap();
    assert_eq!(
        format!("\n{}", folder.refused()),
        r#"
error: this is a symbolic link, and links are not followed
 --> DIR/roles.d
  = help: put the thing itself here
"#
    );
}

#[test]
fn a_file_that_is_too_large_is_refused_and_the_largest_is_not() {
    let folder = Folder::new();
    let size = usize::try_from(FILE_BYTES_MAX).unwrap();
    folder.write("roles.d/b.toml", "#".repeat(size));
    assert!(folder.load().is_ok());
    folder.write("roles.d/b.toml", "#".repeat(size + 1));
    assert_eq!(
        format!("\n{}", folder.refused()),
        r#"
error: this file is larger than 1024 KiB
 --> DIR/roles.d/b.toml
"#
    );
}

#[test]
fn a_policy_that_is_too_large_or_of_too_many_files_is_refused() {
    let folder = Folder::new();
    let size = usize::try_from(FILE_BYTES_MAX).unwrap();
    for number in 0..=POLICY_BYTES_MAX / FILE_BYTES_MAX {
        folder.write(&format!("approvers.d/{number}.toml"), "#".repeat(size));
    }
    assert!(folder.refused().contains("the policy is larger than 16 MiB"));

    let folder = Folder::new();
    for number in 0..FILES_MAX {
        folder.write(&format!("approvers.d/{number}.toml"), "");
    }
    assert!(folder.refused().contains("there are more than 1024"));
}

#[test]
fn a_name_that_is_no_text_is_refused_and_shown_escaped() {
    let folder = Folder::new();
    let name = std::ffi::OsStr::from_bytes(b"a\xff\x1b.toml");
    fs::write(folder.path("roles.d").join(name), "").unwrap();
    assert_eq!(
        format!("\n{}", folder.refused()),
        r#"
error: the name of this file is not UTF-8
 --> DIR/roles.d/a\xff\e.toml
"#
    );
}

#[test]
fn an_error_in_a_file_names_the_path_that_it_was_read_from() {
    let folder = Folder::new();
    folder.write("roles.d/b.toml", ROLE);
    assert_eq!(
        format!("\n{}", folder.refused()),
        r#"
error: there is a role `a` already
 --> DIR/roles.d/b.toml:1:7
  |
1 | [role.a]
  |       ^
  = help: the first is at DIR/roles.d/a.toml:1; rename one or make them one
"#
    );
}
