//! Writes the JavaScript beside a compiled WebAssembly module: `bindgen INPUT.wasm FOLDER NAME`.

use std::env;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [input, folder, name] = arguments.as_slice() else {
        bail!("usage: bindgen INPUT.wasm FOLDER NAME");
    };
    Bindgen::new()
        .input_path(input)
        .web(true)?
        .out_name(name)
        .typescript(false)
        .generate(folder)
        .with_context(|| format!("writing the script for {input}"))
}
