//! Puts the folder `target/site` into a release build, so that the portal is one file.
//!
//! A debug build embeds nothing and reads the folder at start (`Site::of_this_build`): a change of style then
//! compiles nothing.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rustc-check-cfg=cfg(embedded)");
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("PROFILE").as_deref() != Ok("release") {
        return Ok(());
    }
    println!("cargo::rustc-cfg=embedded");
    let variable = |name| env::var(name).map_err(io::Error::other);
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../../target/site");
    println!("cargo::rerun-if-changed={}", folder.display());
    let files = list(&folder)?;
    if files.is_empty() {
        println!(
            "cargo::warning=the page's files are missing, its pages will have no style and no script: \
             `cargo xtask build --release` makes them first"
        );
    }
    let mut code = String::from("&[\n");
    for (name, path) in files {
        code += &format!("    ({name:?}, include_bytes!({path:?})),\n");
    }
    code += "]\n";
    fs::write(Path::new(&variable("OUT_DIR")?).join("embedded.rs"), code)
}

/// The files of the folder by name; none when the folder is not there.
fn list(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let path = entry.path().canonicalize()?;
            files.push((entry.file_name().to_string_lossy().into_owned(), path));
        }
    }
    files.sort();
    Ok(files)
}
