//! Reads configuration files and tells what is odd about them.

use std::path::Path;

use ferromq_config::groups::Groups;
use ferromq_config::{Env, Notice, Settings};
use ferromq_disk::{Disk, RealDisk};

use crate::failure::Failure;

/// Largest configuration file in bytes.
const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// The environment, with the host's name.
pub(crate) fn environment() -> Env {
    let mut env = Env::from_variables(|name| std::env::var(name).ok());
    if env.host_name.is_none() {
        let name = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        env.host_name = Some(name).filter(|name| !name.is_empty());
    }
    env
}

/// The settings of `file`, or the defaults if there is none. Notices are logged.
pub(crate) fn load<T: Groups>(file: Option<&Path>, env: &Env) -> Result<Settings<T>, Failure> {
    let Some(path) = file else {
        return Ok(Settings::defaults(env));
    };
    let bytes = RealDisk
        .read(path, CONFIG_BYTES_MAX)
        .map_err(|source| Failure::ConfigFile {
            path: path.to_owned(),
            source,
        })?;
    let (settings, notices) =
        Settings::read(&bytes, env).map_err(|source| Failure::ConfigText {
            path: path.to_owned(),
            source,
        })?;
    report(&notices, &path.display().to_string());
    Ok(settings)
}

/// Logs what there is to tell about keys; `origin` says where they are from.
pub(crate) fn report(notices: &[Notice], origin: &str) {
    for notice in notices {
        if notice.is_warning() {
            tracing::warn!("{origin}: {notice}");
        } else {
            tracing::info!("{origin}: {notice}");
        }
    }
}
