//! The name server as a role: what its network threads share.

use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use ferromq_base::Millis;
use ferromq_config::NamesrvSettings;
use ferromq_disk::Disk;
use ferromq_disk::crashsafe::LoadError;
use ferromq_net::{ConnHandle, ConnId, Role, Service, ThreadContext};
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;

use crate::kv::KvSettings;
use crate::saver::Saver;
use crate::service::NamesrvService;
use crate::table::Table;

/// Why a name server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The key-value settings cannot be read.
    #[error("key-value settings: {0}")]
    KvSettings(#[from] LoadError<serde_json::Error>),
}

/// A name server. It is given to a [`ferromq_net::Server`] as a role; dropping it saves what is queued.
#[derive(Clone)]
pub struct NameServer {
    core: Arc<Core>,
}

/// What all network threads share.
pub(crate) struct Core {
    table: RwLock<Table>,
    /// The table's deadline in milliseconds, for a look without a lock; `i64::MAX` for none.
    deadline: AtomicI64,
    /// The connections that brokers registered over, to close those of silent ones.
    broker_conns: Mutex<FxHashMap<ConnId, ConnHandle>>,
    /// Key-value settings.
    pub(crate) kv: Arc<KvSettings>,
    /// Settings, some of which change while it runs.
    pub(crate) settings: Arc<RwLock<NamesrvSettings>>,
    /// Where files are written.
    pub(crate) disk: Arc<dyn Disk>,
    /// For requests that write files.
    pub(crate) saver: Saver,
    started: OnceLock<Millis>,
}

impl NameServer {
    /// Loads the key-value settings. The paths of all files are in the settings.
    pub fn open(disk: Arc<dyn Disk>, settings: NamesrvSettings) -> Result<Self, OpenError> {
        let kv_path = PathBuf::from(&settings.groups.namesrv.kv_config_path);
        let kv = Arc::new(KvSettings::open(Arc::clone(&disk), kv_path)?);
        let core = Core {
            table: RwLock::default(),
            deadline: AtomicI64::new(i64::MAX),
            broker_conns: Mutex::default(),
            kv,
            settings: Arc::new(RwLock::new(settings)),
            disk,
            saver: Saver::default(),
            started: OnceLock::new(),
        };
        Ok(Self {
            core: Arc::new(core),
        })
    }
}

impl Role for NameServer {
    fn on_thread(&self, thread: ThreadContext) -> Rc<dyn Service> {
        self.core.started.get_or_init(|| thread.now());
        Rc::new(NamesrvService::new(Arc::clone(&self.core), thread))
    }
}

impl fmt::Debug for NameServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NameServer")
    }
}

impl Core {
    /// Looks at the table.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&Table) -> R) -> R {
        look(&self.table.read())
    }

    /// Changes the table.
    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut Table) -> R) -> R {
        let mut table = self.table.write();
        let result = change(&mut table);
        let deadline = table.deadline().map_or(i64::MAX, |deadline| deadline.0);
        self.deadline.store(deadline, Ordering::Release);
        result
    }

    /// When the first broker will have been silent for too long.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        match self.deadline.load(Ordering::Acquire) {
            i64::MAX => None,
            deadline => Some(Millis(deadline)),
        }
    }

    /// When it started.
    pub(crate) fn started(&self) -> Millis {
        self.started.get().copied().unwrap_or_default()
    }

    /// Remembers a connection that a broker registered over.
    pub(crate) fn remember(&self, conn: ConnHandle) {
        self.broker_conns.lock().insert(conn.id(), conn);
    }

    /// A connection is gone, and with it the brokers that registered over it.
    pub(crate) fn forget(&self, conn: ConnId) {
        if self.broker_conns.lock().remove(&conn).is_none() {
            return;
        }
        for addr in self.write(|table| table.connection_closed(conn)) {
            tracing::info!(%addr, "broker removed: its connection was closed");
        }
    }

    /// Removes the brokers that have been silent for too long and closes their connections.
    pub(crate) fn expire(&self, now: Millis) {
        for expired in self.write(|table| table.expire(now)) {
            tracing::warn!(
                name = %expired.name,
                addr = %expired.addr,
                "broker removed: it was silent for too long"
            );
            if let Some(conn) = self.broker_conns.lock().get(&expired.conn) {
                conn.close();
            }
        }
    }
}
