//! The shared object, called as sudo calls it (sudo_plugin(5)).

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr;
use std::sync::OnceLock;

/// `SUDO_API_MKVERSION(1, 22)`, that of sudo 1.9.16.
const SUDO_VERSION: c_uint = 1 << 16 | 22;
const FRONT_END: c_uint = 0;
const NO_STATUS: c_int = 0;
const WAIT_STATUS: c_int = 1;

type Strings = *const *const c_char;
type Open = unsafe extern "C" fn(
    c_uint,
    *const c_void,
    *const c_void,
    Strings,
    Strings,
    c_int,
    Strings,
    Strings,
    Strings,
    *mut *const c_char,
) -> c_int;

#[repr(C)]
struct Approval {
    kind: c_uint,
    version: c_uint,
    open: Open,
    close: Option<unsafe extern "C" fn()>,
    check: unsafe extern "C" fn(Strings, Strings, Strings, *mut *const c_char) -> c_int,
}

#[repr(C)]
struct Audit {
    kind: c_uint,
    version: c_uint,
    open: Open,
    close: unsafe extern "C" fn(c_int, c_int),
    accept: unsafe extern "C" fn(
        *const c_char,
        c_uint,
        Strings,
        Strings,
        Strings,
        *mut *const c_char,
    ) -> c_int,
}

/// A refusal: what was returned, and the sentence for sudo's log.
type Refused = (c_int, String);

/// The two plugins of one object.
pub(crate) struct Plugin {
    approval: *const Approval,
    audit: *const Audit,
}

impl Plugin {
    /// Loaded from a copy of its own.
    pub(crate) fn loaded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("sudo_writ.so");
        std::fs::copy(built(), &copy).unwrap();
        let path = CString::new(copy.to_str().unwrap()).unwrap();
        // SAFETY: a C string; the object stays loaded to the end of the process.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!handle.is_null());
        // SAFETY: the handle is open, the names are C strings.
        let symbol = |name: &CStr| unsafe { libc::dlsym(handle, name.as_ptr()) };
        let (approval, audit) = (symbol(c"writ_approval").cast(), symbol(c"writ_audit").cast());
        let plugin = Self { approval, audit };
        assert_eq!(plugin.approval().kind, 4);
        assert_eq!(plugin.audit().kind, 3);
        assert_eq!(plugin.approval().version, 1 << 16 | 15);
        plugin
    }

    /// Loaded and opened for a user with this number.
    pub(crate) fn opened(socket: &Path, uid: u32, options: &[&str]) -> Self {
        let plugin = Self::loaded();
        plugin.open_audit(socket, uid, options);
        plugin.open_approval(socket, uid);
        plugin
    }

    /// The same, for a user with these variables.
    pub(crate) fn opened_with(socket: &Path, uid: u32, variables: &[&str]) -> Self {
        let plugin = Self::loaded();
        open(plugin.audit().open, socket, uid, &[], variables);
        open(plugin.approval().open, socket, uid, &[], variables);
        plugin
    }

    pub(crate) fn open_audit(&self, socket: &Path, uid: u32, options: &[&str]) {
        open(self.audit().open, socket, uid, options, &[]);
    }

    pub(crate) fn open_approval(&self, socket: &Path, uid: u32) {
        open(self.approval().open, socket, uid, &[], &[]);
    }

    pub(crate) fn check(&self, argv: &[&str]) -> Result<(), Refused> {
        let info = Vector::new(&["command=/usr/bin/id", "runas_user=root", "runas_uid=0"]);
        let argv = Vector::new(argv);
        let mut said = ptr::null();
        // SAFETY: vectors of C strings that outlive the call.
        let returned = unsafe {
            (self.approval().check)(info.strings(), argv.strings(), ptr::null(), &raw mut said)
        };
        outcome(returned, said)
    }

    pub(crate) fn accept(&self) -> Result<(), Refused> {
        let none = ptr::null();
        let mut said = ptr::null();
        // SAFETY: a C string, and vectors that may be null.
        let returned = unsafe {
            (self.audit().accept)(c"sudo".as_ptr(), FRONT_END, none, none, none, &raw mut said)
        };
        outcome(returned, said)
    }

    pub(crate) fn close_with_exit(&self, status: c_int) {
        // SAFETY: no pointers.
        unsafe { (self.audit().close)(WAIT_STATUS, status << 8) };
    }

    /// Nothing ran.
    pub(crate) fn close_without_status(&self) {
        // SAFETY: no pointers.
        unsafe { (self.audit().close)(NO_STATUS, 0) };
    }

    fn approval(&self) -> &Approval {
        // SAFETY: the symbol of the loaded object, which is of this shape.
        unsafe { &*self.approval }
    }

    fn audit(&self) -> &Audit {
        // SAFETY: as above.
        unsafe { &*self.audit }
    }
}

fn open(function: Open, socket: &Path, uid: u32, options: &[&str], variables: &[&str]) {
    let socket = format!("socket={}", socket.display());
    let settings = Vector::new(&["noninteractive=true"]);
    let user = Vector::new(&["user=alice", &format!("uid={uid}"), "cwd=/home/alice"]);
    let options: Vec<&str> = options.iter().copied().chain([socket.as_str()]).collect();
    let options = Vector::new(&options);
    let (none, variables) = (ptr::null(), Vector::new(variables));
    // SAFETY: vectors of C strings that outlive the call, or null.
    let returned = unsafe {
        function(
            SUDO_VERSION,
            ptr::null(),
            ptr::null(),
            settings.strings(),
            user.strings(),
            0,
            none,
            variables.strings(),
            options.strings(),
            ptr::null_mut(),
        )
    };
    assert_eq!(returned, 1);
}

fn outcome(returned: c_int, said: *const c_char) -> Result<(), Refused> {
    if returned == 1 {
        return Ok(());
    }
    assert!(!said.is_null());
    // SAFETY: not null, and valid until the next call.
    Err((returned, unsafe { CStr::from_ptr(said) }.to_string_lossy().into_owned()))
}

/// A vector of C strings that ends with a null pointer.
struct Vector {
    pointers: Vec<*const c_char>,
    _owned: Vec<CString>,
}

impl Vector {
    fn new(words: &[&str]) -> Self {
        let owned: Vec<CString> = words.iter().map(|word| CString::new(*word).unwrap()).collect();
        let pointers = owned.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect();
        Self { pointers, _owned: owned }
    }

    fn strings(&self) -> Strings {
        self.pointers.as_ptr()
    }
}

/// The names in the dynamic symbol table, by nm(1), which any linker comes with.
pub(crate) fn exported_symbols() -> Vec<String> {
    let nm = Command::new("nm").args(["-D", "--defined-only"]).arg(built()).output().unwrap();
    let text = String::from_utf8(nm.stdout).unwrap();
    text.lines().filter_map(|line| Some(line.split_whitespace().next_back()?.to_owned())).collect()
}

/// The object, built first: cargo builds none for the tests of a package that is
/// only a shared object.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        // target/PROFILE/deps/TEST
        let target = test.ancestors().nth(3).unwrap();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--lib", "--manifest-path"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .arg("--target-dir")
            .arg(target)
            .status();
        assert!(built.unwrap().success());
        target.join("debug/libsudo_writ.so")
    })
}
