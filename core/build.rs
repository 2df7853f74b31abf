//! Computes the build name of the package being built, the core or its peers: `BUILD` in its sources.

#[path = "build/fingerprint.rs"]
mod fingerprint;

use core::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let package = env::var("CARGO_PKG_NAME")?;
    let folder = env::var("CARGO_MANIFEST_DIR")?;
    let root =
        fingerprint::root(Path::new(&folder)).ok_or("the core does not lie in the workspace's root")?;
    let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    let build = fingerprint::fingerprint(&package, &fingerprint::sources(root)?, &lock);
    println!("cargo::rustc-env=CTIGATE_BUILD={build}");
    for read in fingerprint::folders(&package).iter().chain(&["core/build.rs", "core/build", "Cargo.lock"]) {
        println!("cargo::rerun-if-changed={}", root.join(read).display());
    }
    Ok(())
}
