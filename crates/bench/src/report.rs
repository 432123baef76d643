//! The result, for people and for machines.
#![expect(
    clippy::print_stdout,
    reason = "the report is the product of this command"
)]

use serde_json::json;

use crate::args::BenchArgs;
use crate::load::Outcome;

/// Percentiles that are reported.
const PERCENTILES: [f64; 5] = [50.0, 90.0, 99.0, 99.9, 99.99];

/// Prints the outcome as a table, or as one JSON object if `args` asks for it.
pub fn print(args: &BenchArgs, outcome: &Outcome) {
    let value = figures(args, outcome);
    if args.json {
        println!("{value}");
        return;
    }
    let number = |key: &str| value[key].as_f64().unwrap_or(0.0);
    println!(
        "{} connections x {} in flight, {} B, {} per request, {:.1} s",
        args.connections,
        args.in_flight,
        args.size,
        args.batch,
        number("seconds")
    );
    println!(
        "rate              {:>12.0} messages/s",
        number("messages_per_second")
    );
    for percentile in PERCENTILES {
        let name = format!("p{percentile}");
        println!(
            "latency {name:<9} {:>12.1} us",
            number(&format!("latency_{name}_us"))
        );
    }
    println!("latency max       {:>12.1} us", number("latency_max_us"));
    if value["server_cpu_us_per_message"].is_number() {
        println!(
            "server CPU        {:>12.2} us/message",
            number("server_cpu_us_per_message")
        );
        println!(
            "  user / kernel   {:>12.2} / {:.2} us/message",
            number("server_user_us_per_message"),
            number("server_system_us_per_message")
        );
        println!(
            "server switches   {:>12.2} per message",
            number("server_switches_per_message")
        );
        println!(
            "server memory     {:>12.1} MiB",
            number("server_resident_mib")
        );
    }
    println!(
        "client CPU        {:>12.2} us/message",
        number("client_cpu_us_per_message")
    );
    if !outcome.refused.is_empty() {
        println!("REFUSED by code   {:?}", outcome.refused);
    }
}

fn figures(args: &BenchArgs, outcome: &Outcome) -> serde_json::Value {
    let seconds = outcome.elapsed.as_secs_f64();
    let messages = outcome.messages.max(1) as f64;
    let per_message = |seconds: f64| seconds * 1e6 / messages;
    let mut value = json!({
        "mode": format!("{:?}", args.mode).to_lowercase(),
        "connections": args.connections,
        "in_flight": args.in_flight,
        "size": args.size,
        "batch": args.batch,
        "topics": args.topics,
        "queues": args.queues,
        "rate": args.rate,
        "seconds": seconds,
        "messages": outcome.messages,
        "requests": outcome.requests,
        "messages_per_second": outcome.messages as f64 / seconds,
        "latency_max_us": outcome.latency.max() as f64 / 1e3,
        "client_cpu_us_per_message":
            per_message(outcome.client.1.cpu_seconds() - outcome.client.0.cpu_seconds()),
        "refused": outcome.refused.iter().map(|(code, count)| (code.to_string(), json!(count)))
            .collect::<serde_json::Map<_, _>>(),
    });
    for percentile in PERCENTILES {
        let nanos = outcome.latency.value_at_percentile(percentile);
        value[format!("latency_p{percentile}_us")] = json!(nanos as f64 / 1e3);
    }
    if let Some((before, after)) = &outcome.server {
        let switches = after
            .context_switches
            .saturating_sub(before.context_switches);
        value["server_cpu_us_per_message"] =
            json!(per_message(after.cpu_seconds() - before.cpu_seconds()));
        value["server_user_us_per_message"] =
            json!(per_message(after.user_seconds - before.user_seconds));
        value["server_system_us_per_message"] =
            json!(per_message(after.system_seconds - before.system_seconds));
        value["server_switches_per_message"] = json!(switches as f64 / messages);
        value["server_resident_mib"] = json!(after.resident_kib as f64 / 1024.0);
    }
    value
}
