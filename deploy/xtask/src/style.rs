//! Joins the files of `app/style` into one style sheet, in the order that its README states.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The whole style sheet: `tokens.css`, the other files by name, then each folder with its files by name.
pub fn joined(folder: &Path) -> Result<String> {
    let mut sheet = String::new();
    for path in files(folder)? {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        sheet += &without_comments(&text);
    }
    Ok(sheet)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        } else if path.extension().is_some_and(|ending| ending == "css") {
            files.push(path);
        }
    }
    files.sort_by_key(|path| (path.file_name() != Some("tokens.css".as_ref()), path.clone()));
    folders.sort();
    for folder in folders {
        files.extend(self::files(&folder)?);
    }
    Ok(files)
}

/// Comments and indentation are for those who read the source. A comment sign inside a string is not a comment.
fn without_comments(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        bare += &rest[..at];
        rest = &rest[at..];
        let length = if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map_or(rest.len(), |end| end + 4)
        } else {
            let sign = &rest[..1];
            let length = if sign == "/" { 1 } else { rest[1..].find(sign).map_or(rest.len(), |end| end + 2) };
            bare += &rest[..length];
            length
        };
        rest = &rest[length..];
    }
    bare += rest;
    let lines = bare.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.fold(String::new(), |sheet, line| sheet + line + "\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn tokens_come_first_then_files_then_folders_each_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("components")).unwrap();
        for name in ["components/b.css", "components/a.css", "base.css", "tokens.css", "utilities.css", "README.md"] {
            fs::write(folder.path().join(name), format!("{name}\n")).unwrap();
        }
        let order = joined(folder.path()).unwrap();
        assert_eq!(order, "tokens.css\nbase.css\nutilities.css\ncomponents/a.css\ncomponents/b.css\n");
    }

    #[test]
    fn comments_go_and_strings_stay() {
        let text = "/* why */\n  a::before { content: \"/* kept */\"; width: calc(1px / 2) } /* two\nlines */\n";
        assert_eq!(without_comments(text), "a::before { content: \"/* kept */\"; width: calc(1px / 2) }\n");
        assert_eq!(without_comments("b { } /* never closed"), "b { }\n");
    }
}
