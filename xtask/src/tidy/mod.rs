//! Checks of the structure that neither the compiler nor clippy makes.

mod directions;
mod sources;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// Folders with sources of this project; each is looked through completely.
const FOLDERS: [&str; 4] = ["crates", "xtask", "fuzz", "bench"];

/// Something that must be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// File or crate.
    place: String,
    /// Line from 1; 0: the whole file.
    line: usize,
    /// What is wrong and what would be right.
    text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.place, self.text),
            line => write!(f, "{}:{line}: {}", self.place, self.text),
        }
    }
}

/// Runs every check on the workspace at `root`.
pub(crate) fn check(root: &Path) -> io::Result<Vec<Finding>> {
    let mut findings = directions::check(&metadata(root)?);
    for folder in FOLDERS {
        let folder = root.join(folder);
        if !folder.is_dir() {
            continue;
        }
        for file in rust_files(&folder)? {
            let name = file
                .strip_prefix(root)
                .unwrap_or(&file)
                .display()
                .to_string();
            findings.extend(sources::check(&name, &fs::read_to_string(&file)?));
        }
    }
    Ok(findings)
}

/// What Cargo says about the members of the workspace.
fn metadata(root: &Path) -> io::Result<serde_json::Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(format!("cargo metadata failed: {text}")));
    }
    serde_json::from_slice(&output.stdout).map_err(io::Error::other)
}

/// Rust files below `folder` in a stable order, build output left out.
fn rust_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        if entry.is_dir() && name != "target" && !name.starts_with('.') {
            files.extend(rust_files(&entry)?);
        } else if name.ends_with(".rs") {
            files.push(entry);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_tidy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let findings = check(&root).unwrap();
        let text: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{}", text.join("\n"));
    }
}
