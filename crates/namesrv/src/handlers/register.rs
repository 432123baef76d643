//! Brokers come and go: 103, 104.

use std::time::Duration;

use ferromq_wire::body::{self, KvTable, RegisterBrokerBody, TopicConfig};
use ferromq_wire::header::FieldError;
use ferromq_wire::request::{RegisterBrokerRequest, UnregisterBrokerRequest};

use super::Request;
use crate::announced::Announced;
use crate::answer::Answer;
use crate::kv::ORDER_TOPIC_CONFIG;
use crate::name_server::Core;
use crate::table::{Queues, Registered, Registration};

/// How long a broker may be silent unless it says otherwise.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The longest silence a broker may ask for.
const TIMEOUT_MAX: Duration = Duration::from_secs(24 * 3600);

/// 103.
pub(super) fn register(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: RegisterBrokerRequest = request.fields()?;
    if fields.body_crc32 != 0 && crc32(request.body) != fields.body_crc32 {
        return Ok(Answer::error("crc32 not match"));
    }
    let (version, compressed) = (request.header.version, fields.compressed);
    let body = match RegisterBrokerBody::decode(request.body, version, compressed) {
        Ok(body) => body,
        Err(error) => return Ok(Answer::error(error)),
    };
    let registration = registration(request, fields, body);
    core.remember(request.conn.handle());
    Ok(enter(core, request, registration))
}

/// Enters a registration into the table, and says so if the broker is new or refused.
fn enter(core: &Core, request: &Request<'_>, registration: Registration) -> Answer {
    let (name, addr) = (registration.name.clone(), registration.addr.clone());
    let peer = request.conn.peer();
    let (delete_missing, with_order) = {
        let settings = core.settings.read();
        let own = &settings.groups.namesrv;
        (
            own.delete_topic_with_broker_registration,
            own.return_order_topic_config_to_broker,
        )
    };
    let result = core.write(|table| table.register(registration, delete_missing, request.now));
    match result {
        Ok(registered) => {
            if registered.is_new {
                tracing::info!(broker = %name, %addr, %peer, "broker registered");
            }
            registered_answer(core, registered, with_order)
        }
        Err(error) => {
            tracing::warn!(broker = %name, %addr, %peer, %error, "registration refused");
            Answer::error(error)
        }
    }
}

/// Checksum of a body, without the top bit.
fn crc32(body: &[u8]) -> i32 {
    (crc32fast::hash(body) & 0x7fff_ffff).cast_signed()
}

fn queues(config: &TopicConfig) -> Queues {
    Queues {
        read: config.read_queue_nums,
        write: config.write_queue_nums,
        perm: config.perm,
        sys_flag: config.topic_sys_flag,
    }
}

fn registration(
    request: &Request<'_>,
    fields: RegisterBrokerRequest,
    body: RegisterBrokerBody,
) -> Registration {
    let asked = fields
        .heartbeat_timeout_millis
        .and_then(|ms| u64::try_from(ms).ok());
    let topics = body.topics.topic_config_table.into_iter();
    let (listen, addrs) = (
        fields.ferro_listen.as_deref(),
        fields.ferro_addrs.as_deref(),
    );
    let announced = Announced::new(&fields.broker_addr, listen, addrs, request.ends);
    Registration {
        cluster: fields.cluster_name,
        name: fields.broker_name,
        addr: fields.broker_addr,
        id: fields.broker_id,
        ha_addr: fields.ha_server_addr,
        timeout: asked
            .map_or(TIMEOUT, Duration::from_millis)
            .min(TIMEOUT_MAX),
        acting_master: fields.enable_acting_master,
        zone: fields.zone_name,
        filters: body.filter_server_list,
        version: body.topics.data_version,
        topics: topics
            .map(|(topic, config)| (topic, queues(&config)))
            .collect(),
        mappings: body.topics.topic_queue_mapping_info_map,
        conn: request.conn.id(),
        announced,
    }
}

fn registered_answer(core: &Core, registered: Registered, with_order: bool) -> Answer {
    let answer = Answer::ok()
        .maybe_field("haServerAddr", registered.ha_addr)
        .maybe_field("masterAddr", registered.master_addr);
    match core.kv.namespace(ORDER_TOPIC_CONFIG).filter(|_| with_order) {
        Some(table) => answer.with_body(body::encode(&KvTable { table })),
        None => answer,
    }
}

/// 104.
pub(super) fn unregister(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: UnregisterBrokerRequest = request.fields()?;
    let (cluster, name) = (&fields.cluster_name, &fields.broker_name);
    core.write(|table| table.unregister(cluster, name, &fields.broker_addr));
    tracing::info!(broker = %name, addr = %fields.broker_addr, "broker unregistered");
    Ok(Answer::ok())
}
