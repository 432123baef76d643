//! The result as one JSON object.

use serde_json::{Map, Value, json};

use crate::args::{BenchArgs, Mode};
use crate::load::Outcome;
use crate::table;
use crate::tally::{Point, Tally};

/// Percentiles that are reported.
pub const PERCENTILES: [f64; 5] = [50.0, 90.0, 99.0, 99.9, 99.99];

/// Prints the outcome as a table, or as one JSON object if `args` asks for it.
pub fn print(args: &BenchArgs, outcome: &Outcome) {
    let figures = figures(args, outcome);
    if args.json {
        table::print_line(&figures.to_string());
    } else {
        table::print(&title(args), &figures);
    }
}

/// What was run, in a line.
#[must_use]
pub fn title(args: &BenchArgs) -> String {
    let mut parts = Vec::new();
    if args.mode != Mode::Consume {
        parts.push(format!(
            "{} {} x {}, {} B, {} per request",
            format!("{:?}", args.mode).to_lowercase(),
            args.connections,
            args.in_flight,
            args.size,
            args.batch
        ));
    }
    if args.one_way {
        parts.push("one-way".into());
    }
    if args.rate > 0 {
        parts.push(format!("paced at {}/s", args.rate));
    }
    parts.push(format!("{} topics x {} queues", args.topics, args.queues));
    if args.groups > 0 {
        parts.push(format!("{} groups", args.groups));
    }
    if args.cold_reader {
        parts.push("a cold reader".into());
    }
    parts.join(", ")
}

/// All figures. Latencies are in microseconds.
#[must_use]
pub fn figures(args: &BenchArgs, outcome: &Outcome) -> Value {
    let seconds = outcome.elapsed.as_secs_f64();
    let messages = outcome.messages().max(1) as f64;
    let mut value = json!({
        "mode": format!("{:?}", args.mode).to_lowercase(),
        "connections": args.connections,
        "in_flight": args.in_flight,
        "size": args.size,
        "batch": args.batch,
        "topics": args.topics,
        "queues": args.queues,
        "groups": args.groups,
        "rate": args.rate,
        "one_way": args.one_way,
        "seconds": seconds,
    });
    stream(&mut value, "", &outcome.main, seconds);
    if let Some(groups) = &outcome.groups {
        stream(&mut value, "end_to_end_", groups, seconds);
    }
    if let Some(cold) = &outcome.cold {
        stream(&mut value, "cold_", cold, seconds);
    }
    if let Some((sent, stored)) = outcome.stored {
        value["one_way_sent"] = json!(sent);
        value["one_way_stored"] = json!(stored);
    }
    if let Some(behind) = outcome.behind {
        value["behind_plan_seconds"] = json!(behind.as_secs_f64());
    }
    let (before, after) = &outcome.client;
    let client_seconds = after.cpu_seconds() - before.cpu_seconds();
    value["client_cpu_us_per_message"] = json!(client_seconds * 1e6 / messages);
    value["client_busy"] = json!(client_seconds / seconds);
    server(&mut value, outcome, messages, seconds);
    if args.series {
        let series = outcome.series().into_iter();
        let series = series.map(|(name, points)| (name.to_owned(), points_value(points)));
        value["series"] = Value::Object(series.collect::<Map<_, _>>());
    }
    value
}

fn stream(value: &mut Value, prefix: &str, tally: &Tally, seconds: f64) {
    let mut set = |key: &str, figure: Value| value[format!("{prefix}{key}")] = figure;
    set("messages", json!(tally.messages));
    set("requests", json!(tally.requests));
    set(
        "messages_per_second",
        json!(tally.messages as f64 / seconds),
    );
    let refused = tally.refused.iter();
    let refused = refused.map(|(code, count)| (code.to_string(), json!(count)));
    set("refused", Value::Object(refused.collect()));
    if tally.latency.is_empty() {
        return;
    }
    for percentile in PERCENTILES {
        let nanos = tally.latency.value_at_percentile(percentile);
        set(
            &format!("latency_p{percentile}_us"),
            json!(nanos as f64 / 1e3),
        );
    }
    set("latency_max_us", json!(tally.latency.max() as f64 / 1e3));
}

fn server(value: &mut Value, outcome: &Outcome, messages: f64, seconds: f64) {
    let Some((before, after)) = &outcome.server else {
        return;
    };
    let mut set = |key: &str, figure: f64| value[format!("server_{key}")] = json!(figure);
    let per_message = |total: f64| total * 1e6 / messages;
    let counted = |before: u64, after: u64| after.saturating_sub(before) as f64 / messages;
    let cpu = after.cpu_seconds() - before.cpu_seconds();
    set("cpu_us_per_message", per_message(cpu));
    set(
        "user_us_per_message",
        per_message(after.user_seconds - before.user_seconds),
    );
    set(
        "system_us_per_message",
        per_message(after.system_seconds - before.system_seconds),
    );
    set("busy", cpu / seconds);
    let voluntary = counted(before.voluntary_switches, after.voluntary_switches);
    let involuntary = counted(before.involuntary_switches, after.involuntary_switches);
    set("switches_per_message", voluntary + involuntary);
    set("voluntary_switches_per_message", voluntary);
    set("involuntary_switches_per_message", involuntary);
    set(
        "minor_faults_per_message",
        counted(before.minor_faults, after.minor_faults),
    );
    set(
        "major_faults_per_message",
        counted(before.major_faults, after.major_faults),
    );
    set("resident_mib", after.resident_kib as f64 / 1024.0);
    set("anonymous_mib", after.anonymous_kib as f64 / 1024.0);
    let threads = after.threads.iter().filter_map(|(name, after)| {
        let spent = after - before.threads.get(name).copied().unwrap_or(0.0);
        (spent > 0.0).then(|| (name.clone(), json!(per_message(spent))))
    });
    value["server_threads_us_per_message"] = Value::Object(threads.collect());
    match &outcome.syscalls {
        Some(Ok(calls)) => value["server_syscalls_per_message"] = json!(calls),
        Some(Err(why)) => value["server_syscalls_unknown"] = json!(why),
        None => {}
    }
}

/// `[at, rate, p50, p99, p99.9, max]` for each second.
fn points_value(points: &[Point]) -> Value {
    let rounded = |value: f64| (value * 10.0).round() / 10.0;
    let rows = points.iter().map(|point| {
        let [p50, p99, p999, max] = point.latency_us;
        let row = [point.at, point.rate, p50, p99, p999, max];
        json!(row.map(rounded))
    });
    Value::Array(rows.collect())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use clap::Parser;

    use super::*;
    use crate::process::Cost;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: BenchArgs,
    }

    fn outcome() -> Outcome {
        let now = Instant::now();
        let mut main = Tally::new(now);
        main.answered(1000);
        main.took(now, now + Duration::from_micros(100));
        main.refused(2);
        main.end_second(now + Duration::from_secs(1), Duration::from_secs(1));
        let after = Cost {
            user_seconds: 0.003,
            system_seconds: 0.002,
            voluntary_switches: 10,
            threads: [("net-#".to_owned(), 0.004)].into(),
            ..Cost::default()
        };
        Outcome {
            elapsed: Duration::from_secs(2),
            main,
            groups: None,
            cold: None,
            stored: None,
            behind: None,
            server: Some((Cost::default(), after)),
            client: Default::default(),
            syscalls: Some(Err("no perf".into())),
        }
    }

    #[test]
    fn figures_are_per_message_and_per_second() {
        let args = Line::parse_from(["bench", "--series"]).args;
        let figures = figures(&args, &outcome());
        let near = |key: &str, expected: f64| {
            let got = figures[key].as_f64().unwrap();
            assert!((got / expected - 1.0).abs() < 0.002, "{key}: {got}");
        };
        near("messages_per_second", 500.0);
        near("server_cpu_us_per_message", 5.0);
        near("server_user_us_per_message", 3.0);
        near("server_switches_per_message", 0.01);
        near("latency_p99.9_us", 100.0);
        near("server_busy", 0.0025);
        assert_eq!(figures["refused"]["2"], 1);
        assert_eq!(figures["server_syscalls_unknown"], "no perf");
        let threads = &figures["server_threads_us_per_message"];
        assert!((threads["net-#"].as_f64().unwrap() - 4.0).abs() < 1e-9);
        assert_eq!(figures["series"]["load"][0][1], 1000.0);
        assert!(figures.get("end_to_end_messages").is_none());
    }

    #[test]
    fn options_that_do_not_go_together_are_named() {
        let check = |line: &[&str]| {
            let line = [&["bench"], line].concat();
            Line::parse_from(line).args.check()
        };
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&["consume", "-g", "2"]), Ok(()));
        assert!(check(&["consume"]).is_err());
        assert!(check(&["pull", "--one-way"]).is_err());
        assert!(check(&["-g", "1", "-s", "15"]).is_err());
        assert!(check(&["-g", "1000", "-q", "101"]).is_err());
        assert!(check(&["--syscalls", "1"]).is_err());
    }
}
