//! Java properties files and the one declaration of every configuration key.
//!
//! Opens no file: it is given bytes. Reading order: [`properties`] (the text), [`key`] (what is known about a key, and
//! the macro that declares keys), the groups [`broker`], [`store`], [`net`], [`namesrv`] (one small struct for each
//! reader, and the known keys without effect), [`kind`] (how text becomes a value), [`env`](mod@env) (what defaults may
//! refer to), [`settings`] (all keys of one program: read, print, change), [`notice`] (what there is to tell about a
//! file), [`reference`](mod@reference) (the reference page).

pub mod addresses;
pub mod broker;
pub mod delay_levels;
pub mod env;
pub mod groups;
pub mod idle;
pub mod key;
pub mod kind;
pub mod namesrv;
mod nearest;
pub mod net;
pub mod notice;
pub mod properties;
pub mod reference;
pub mod settings;
pub mod store;

pub use addresses::{AddressesError, name_servers};
pub use broker::{BrokerConfig, BrokerRole, CheckError};
pub use delay_levels::DelayLevels;
pub use env::Env;
pub use groups::{BrokerGroups, NamesrvGroups};
pub use namesrv::NamesrvConfig;
pub use net::NetConfig;
pub use notice::Notice;
pub use properties::{Properties, PropertiesError};
pub use settings::{BrokerSettings, NamesrvSettings, Selection, Settings, UpdateError};
pub use store::{FlushDiskType, StoreKeys};
