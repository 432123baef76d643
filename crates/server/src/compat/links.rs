//! Makes the links by which scripts for RocketMQ find their programs.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Names that `ferromq` answers to.
pub(crate) const NAMES: [&str; 4] = ["mqnamesrv", "mqbroker", "mqshutdown", "mqadmin"];

/// Why a link was not made.
#[derive(Debug, Error)]
pub(crate) enum LinkError {
    /// Where this program lies is unknown.
    #[error("cannot find out where ferromq itself lies: {0}")]
    Own(#[source] io::Error),
    /// Something else has the name.
    #[error("{0} exists and is no link to this program: move it away first")]
    Taken(PathBuf),
    /// The directory must not be written, or is none.
    #[error("cannot make {path}: {source}")]
    Make { path: PathBuf, source: io::Error },
}

/// Makes all links in `dir`, which is created if it is missing. Links to this program that exist already are left. Returns the paths.
pub(crate) fn install(dir: &Path) -> Result<Vec<PathBuf>, LinkError> {
    let program = std::env::current_exe().map_err(LinkError::Own)?;
    std::fs::create_dir_all(dir).map_err(|source| LinkError::Make {
        path: dir.to_owned(),
        source,
    })?;
    NAMES
        .iter()
        .map(|name| link(&program, dir.join(name)))
        .collect()
}

fn link(program: &Path, path: PathBuf) -> Result<PathBuf, LinkError> {
    match symlink(program, &path) {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let same = path.canonicalize().ok() == program.canonicalize().ok();
            if same {
                Ok(path)
            } else {
                Err(LinkError::Taken(path))
            }
        }
        Err(source) => Err(LinkError::Make { path, source }),
    }
}
