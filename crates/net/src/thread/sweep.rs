//! The sweep: closes connections that are idle, that take nothing, or that never finish a frame.
//!
//! It runs only while the thread has connections, a few times per idle time-out; reading and writing note just the
//! number of the last sweep, so that no clock is read for them.

use std::rc::Rc;

use super::NetThread;
use crate::Connection;
use crate::limits::FRAME_BYTES_PER_SECOND_MIN;

/// Sweeps until there is no connection left.
pub(super) async fn run(net: Rc<NetThread>) {
    let tick = net.local().limits().tick();
    loop {
        tokio::time::sleep(tick).await;
        let now = net.local().next_tick();
        let connections = net.connections();
        if connections.is_empty() {
            net.stop_sweeping();
            return;
        }
        for conn in connections {
            if let Some(why) = verdict(&net, &conn, now) {
                if let Some(left_out) = net.complaints().due() {
                    tracing::info!(peer = %conn.peer(), left_out, "closing a connection: {why}");
                }
                net.shut(&conn);
            }
        }
    }
}

/// Why `conn` is to be closed, if it is.
fn verdict(net: &NetThread, conn: &Connection, now: u32) -> Option<&'static str> {
    let limits = net.local().limits();
    let stalled = limits.ticks(limits.stalled);
    // One tick more than the limit: the present one may just have begun when the last thing happened.
    let over = |since: u32, ticks: u32| now.wrapping_sub(since) > ticks;
    if conn
        .watch
        .stalled_since
        .get()
        .is_some_and(|since| over(since, stalled))
    {
        return Some("the client does not read its replies");
    }
    if let Some((since, bytes)) = conn.watch.partial.get() {
        let time = limits.tick() * now.wrapping_sub(since);
        let expected = usize::try_from(time.as_secs()).unwrap_or(usize::MAX);
        if over(since, stalled)
            && bytes < expected.saturating_mul(FRAME_BYTES_PER_SECOND_MIN).max(1)
        {
            return Some("a frame arrives too slowly");
        }
    }
    over(conn.watch.active.get(), limits.ticks(limits.idle)).then_some("idle for too long")
}
