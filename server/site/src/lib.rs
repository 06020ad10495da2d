//! The page's own files (script, WebAssembly, style, icon) as one value: found by name, served by hash.
//!
//! `cargo xtask` writes the folder `target/site`: `app.js` and `app_bg.wasm` from the crate `frontend`, `style.css`
//! from `app/style`, everything in `app/public` as it is, and beside what is worth compressing `NAME.br` and
//! `NAME.gz`. [`Site`] gives each file an address that holds the hash of its content, `/pkg/NAME.HASH.EXT`, so that
//! a browser may keep it forever ([`CACHE_CONTROL`]), and adds `start.js`, the module that starts the page, because
//! only here the other addresses are known.
//!
//! A page links `site.path("style.css")`, `site.path("start.js")`; the router answers [`PREFIX`] with
//! `site.asset(uri.path())`. Without WebAssembly in the folder there is no `start.js`, and pages stand without script.

mod asset;
mod read;

pub use asset::{Asset, Encoding};

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;

/// Where the files stand in the portal's addresses.
pub const PREFIX: &str = "/pkg/";

/// What the server says about each file: the address changes with the content.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// Why the folder of a site was not read.
#[derive(Debug, thiserror::Error)]
#[error("reading the page's files in {folder}: {source}")]
pub struct Error {
    folder: String,
    source: std::io::Error,
}

/// The page's files. Cheap to look things up in, made once at start, shared behind an `Arc`.
#[derive(Debug, Default)]
pub struct Site {
    assets: BTreeMap<String, Asset>,
    names: BTreeMap<String, String>,
}

impl Site {
    /// A site without files: what a test of the server's answers needs.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The site that belongs to this executable: in a release build what was embedded when it was compiled, in a
    /// debug build the folder `target/site` of the source tree as it is now (empty when it is not there).
    pub fn of_this_build() -> Result<Self, Error> {
        #[cfg(embedded)]
        {
            const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
            Ok(Self::of(FILES.iter().map(|(name, bytes)| ((*name).to_owned(), Bytes::from_static(bytes)))))
        }
        #[cfg(not(embedded))]
        Self::open(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/site")))
    }

    /// Reads a folder as `cargo xtask` writes it. A folder that is missing or empty gives an empty site; a file that
    /// cannot be read is an error.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        read::folder(folder).map(Self::of).map_err(|source| Error { folder: folder.display().to_string(), source })
    }

    /// The address of a file by its name ("style.css"), or `None` where this site has no such file.
    pub fn path(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(String::as_str)
    }

    /// The file at an address, the path of a request as it came ("/pkg/style.0123456789abcdef.css").
    pub fn asset(&self, path: &str) -> Option<&Asset> {
        self.assets.get(path)
    }

    fn of(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let mut files: BTreeMap<String, Bytes> = files.into_iter().collect();
        let names: Vec<String> = files.keys().filter(|name| !is_encoded(name)).cloned().collect();
        let mut site = Self::empty();
        for name in names {
            let (brotli, gzip) = (files.remove(&format!("{name}.br")), files.remove(&format!("{name}.gz")));
            if let Some(plain) = files.remove(&name) {
                site.add(&name, Asset::of(&name, plain, brotli, gzip));
            }
        }
        if let Some(start) = site.start() {
            site.add("start.js", Asset::of("start.js", start, None, None));
        }
        site
    }

    fn add(&mut self, name: &str, asset: Asset) {
        self.names.insert(name.to_owned(), asset.path.clone());
        self.assets.insert(asset.path.clone(), asset);
    }

    /// The module that a page loads: it fetches the WebAssembly and gives it the page that the server has rendered.
    fn start(&self) -> Option<Bytes> {
        let (script, wasm) = (self.path("app.js")?, self.path("app_bg.wasm")?);
        Some(Bytes::from(format!(
            "import init, {{ hydrate }} from {script:?};\n\
             await init({{ module_or_path: {wasm:?} }});\n\
             hydrate();\n"
        )))
    }
}

/// A compressed copy, not a file of its own.
fn is_encoded(name: &str) -> bool {
    [".br", ".gz"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;

    #[test]
    fn a_missing_folder_is_a_site_without_files() {
        let site = Site::open(Path::new("/nowhere/at/all")).unwrap();
        assert_eq!(site.path("style.css"), None);
        assert_eq!(site.path("start.js"), None);
        assert!(site.asset("/pkg/style.css").is_none());
    }

    #[test]
    fn an_address_changes_with_the_content_and_with_nothing_else() {
        let site = |style: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("style.css"), style).unwrap();
            Site::open(folder.path()).unwrap()
        };
        let address = |site: &Site| site.path("style.css").unwrap().to_owned();
        let (first, again, other) = (site("a{}"), site("a{}"), site("b{}"));
        assert_eq!(address(&first), address(&again));
        assert_ne!(address(&first), address(&other));

        let asset = first.asset(&address(&first)).unwrap();
        assert!(asset.path.starts_with("/pkg/style.") && asset.path.ends_with(".css"));
        assert_eq!(asset.content_type, "text/css; charset=utf-8");
        assert_eq!(asset.body(""), (Encoding::Identity, Bytes::from("a{}")));
    }

    #[test]
    fn a_browser_gets_the_smallest_copy_that_it_accepts() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("app.js", "plain"), ("app.js.br", "br"), ("app.js.gz", "gz")] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let site = Site::open(folder.path()).unwrap();
        let asset = site.asset(site.path("app.js").unwrap()).unwrap();
        assert_eq!(asset.body("gzip, deflate, br").0, Encoding::Brotli);
        assert_eq!(asset.body("gzip, br;q=0").0, Encoding::Gzip);
        assert_eq!(asset.body("gzip;q=0, br; q=0.0").0, Encoding::Identity);
        assert_eq!(asset.body("br").1, Bytes::from("br"));
        assert_eq!(site.path("app.js.br"), None, "a compressed copy has no address of its own");
    }

    #[test]
    fn the_start_module_names_script_and_webassembly_by_their_hashes() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("app.js"), "export default 1").unwrap();
        assert_eq!(Site::open(folder.path()).unwrap().path("start.js"), None);
        fs::write(folder.path().join("app_bg.wasm"), b"\0asm").unwrap();
        let site = Site::open(folder.path()).unwrap();
        let (_, body) = site.asset(site.path("start.js").unwrap()).unwrap().body("br");
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains(site.path("app.js").unwrap()), "{text}");
        assert!(text.contains(site.path("app_bg.wasm").unwrap()), "{text}");
        let wasm = site.asset(site.path("app_bg.wasm").unwrap()).unwrap();
        assert_eq!(wasm.content_type, "application/wasm");
    }
}
