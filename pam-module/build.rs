//! Links the unwinder into the module, and the module to PAM.
//!
//! Rust's standard library asks for `libgcc_s.so.1`, which few programs with PAM
//! need: finding, mapping and relocating it costs more than all the rest of the
//! module's loading. A linker script of that name, first in the search path,
//! gives the linker the same code as an archive.

use std::path::Path;
use std::{env, fs, io};

/// Read by the linker where `-lgcc_s` is asked for (ld(1), "GROUP").
const LINKER_SCRIPT: &str = "GROUP ( -l:libgcc_eh.a -l:libgcc.a )\n";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&folder).join("libgcc_s.so"), LINKER_SCRIPT)?;
    println!("cargo:rustc-link-search=native={}", Path::new(&folder).display());
    // By the name that is there without a package for developers.
    println!("cargo:rustc-link-arg=-l:libpam.so.0");
    Ok(())
}
