//! Links the unwinder into the plugin.
//!
//! Rust's standard library asks for `libgcc_s.so.1`, which nothing else in sudo
//! needs: finding, mapping and relocating it costs more than all the rest of the
//! plugin's loading. A linker script of that name, first in the search path,
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
    Ok(())
}
