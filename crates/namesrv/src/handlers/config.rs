//! The name server's own settings: 318 changes, 319 reads.

use std::path::PathBuf;
use std::sync::Arc;

use ferromq_config::{NamesrvSettings, Properties, Selection};
use ferromq_disk::{Disk, DiskError, crashsafe};
use ferromq_wire::code::ResponseCode;
use parking_lot::RwLock;

use super::{Reply, Request};
use crate::answer::Answer;
use crate::name_server::Core;

pub(super) fn read(core: &Core) -> Answer {
    Answer::body(core.settings.read().dump(Selection::All))
}

pub(super) fn update(core: &Core, request: &Request<'_>) -> Reply {
    let Ok(changes) = Properties::parse(request.body) else {
        return Answer::error("string2Properties error").into();
    };
    let settings = Arc::clone(&core.settings);
    let disk = Arc::clone(&core.disk);
    request.later(core, move || apply(&settings, &*disk, &changes))
}

/// Changes the settings and writes the file.
fn apply(settings: &RwLock<NamesrvSettings>, disk: &dyn Disk, changes: &Properties) -> Answer {
    let (path, text) = {
        let mut settings = settings.write();
        let black_list = settings.groups.namesrv.config_black_list.clone();
        let always = "configBlackList;configStorePath;kvConfigPath;rocketmqHome";
        match settings.update(changes, &format!("{always};{black_list}")) {
            Ok(notices) => {
                for notice in notices {
                    tracing::warn!("changed over the network: {notice}");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "change of settings refused");
                let remark = "Can not update config in black list.";
                return Answer::refuse(ResponseCode::NO_PERMISSION, remark);
            }
        }
        let path = PathBuf::from(&settings.groups.namesrv.config_store_path);
        (path, settings.file_text())
    };
    match save(disk, &path, &text) {
        Ok(()) => Answer::ok(),
        Err(error) => {
            tracing::error!(%error, "changed settings not saved");
            Answer::error(format!(
                "changed until the next start, but not saved: {error}"
            ))
        }
    }
}

fn save(disk: &dyn Disk, path: &std::path::Path, text: &str) -> Result<(), DiskError> {
    if let Some(dir) = path.parent() {
        disk.create_dirs(dir)?;
    }
    crashsafe::replace(disk, path, text.as_bytes())
}
