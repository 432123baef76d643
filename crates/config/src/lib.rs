//! Java properties files and the one declaration of every configuration key.
//!
//! Opens no file: it is given text. Reading order: [`key`] (what is known about a key, and the macro that declares
//! keys), the groups [`broker`], [`store`], [`net`], [`namesrv`] (one small struct for each reader), [`kind`] (how
//! text becomes a value), [`env`](mod@env) (what defaults may refer to).

pub mod broker;
pub mod delay_levels;
pub mod env;
pub mod key;
pub mod kind;
pub mod namesrv;
pub mod net;
pub mod store;

pub use broker::{BrokerConfig, BrokerRole};
pub use delay_levels::DelayLevels;
pub use env::Env;
pub use namesrv::NamesrvConfig;
pub use net::NetConfig;
pub use store::{FlushDiskType, StoreKeys};
