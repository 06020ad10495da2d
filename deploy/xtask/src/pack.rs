//! Puts files into the folder that the crate `site` reads, with their compressed copies.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::fingerprint::Fingerprint;
use crate::{place, style};

/// Writes style sheet and public files, where they have changed since.
pub fn style() -> Result<bool> {
    let inputs = Fingerprint::of("style", &["app/style", "app/public"], &[])?;
    if inputs.is_current(&[place::site().join("style.css")]) {
        return Ok(false);
    }
    file("style.css", style::joined(&place::root().join("app/style"))?.as_bytes())?;
    for entry in fs::read_dir(place::root().join("app/public")).context("reading app/public")? {
        let entry = entry?;
        file(&entry.file_name().to_string_lossy(), &fs::read(entry.path())?)?;
    }
    inputs.remember()?;
    Ok(true)
}

/// Writes one file of the site, `NAME.br` and `NAME.gz` beside it.
pub fn file(name: &str, content: &[u8]) -> Result<()> {
    let site = place::site();
    fs::create_dir_all(&site).with_context(|| format!("making {}", site.display()))?;
    write(&site.join(format!("{name}.br")), &brotli(content)?)?;
    write(&site.join(format!("{name}.gz")), &gzip(content)?)?;
    write(&site.join(name), content)
}

/// The strongest compression: it is done once for many downloads.
pub fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    let strongest = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &content[..], &mut packed, &strongest).context("compressing with brotli")?;
    Ok(packed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish().context("compressing with gzip")
}

/// Whole or not at all: a portal may be starting meanwhile.
fn write(path: &Path, content: &[u8]) -> Result<()> {
    let new = path.with_added_extension("new");
    fs::write(&new, content).with_context(|| format!("writing {}", new.display()))?;
    fs::rename(&new, path).with_context(|| format!("writing {}", path.display()))
}
