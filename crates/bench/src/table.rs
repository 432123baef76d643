//! The result for people.
#![expect(
    clippy::print_stdout,
    reason = "the report is the product of this command"
)]

use serde_json::Value;

use crate::report::PERCENTILES;

/// Threads that cost less than this share of the whole are not listed.
const THREAD_SHARE_MIN: f64 = 0.01;

/// Prints a line to standard output.
pub fn print_line(line: &str) {
    println!("{line}");
}

/// Prints `figures` as a table under `title`.
pub fn print(title: &str, figures: &Value) {
    print_line(&text(title, figures));
}

/// The table.
#[must_use]
pub fn text(title: &str, figures: &Value) -> String {
    let number = |key: &str| figures[key].as_f64();
    let mut lines = vec![format!(
        "{title}, {:.1} s",
        number("seconds").unwrap_or(0.0)
    )];
    for (name, prefix) in [
        ("load", ""),
        ("end to end", "end_to_end_"),
        ("cold reader", "cold_"),
    ] {
        let Some(rate) = number(&format!("{prefix}messages_per_second")) else {
            continue;
        };
        let refused = &figures[format!("{prefix}refused")];
        let any_refused = refused.as_object().is_some_and(|codes| !codes.is_empty());
        if rate == 0.0 && !any_refused {
            continue;
        }
        lines.push(format!("{name:<19}{rate:>12.0} messages/s"));
        for percentile in PERCENTILES {
            let name = format!("p{percentile}");
            if let Some(latency) = number(&format!("{prefix}latency_{name}_us")) {
                lines.push(format!("  latency {name:<9}{latency:>12.1} us"));
            }
        }
        if let Some(latency) = number(&format!("{prefix}latency_max_us")) {
            lines.push(format!("  latency max      {latency:>13.1} us"));
        }
        if any_refused {
            lines.push(format!("  REFUSED by code  {refused}"));
        }
    }
    if let (Some(sent), Some(stored)) = (number("one_way_sent"), number("one_way_stored")) {
        lines.push(format!(
            "one-way            {sent:>12.0} sent in all, {stored:.0} stored"
        ));
    }
    if let Some(behind) = number("behind_plan_seconds").filter(|behind| *behind > 0.01) {
        lines.push(format!("BEHIND the plan by {behind:>12.2} s at the end"));
    }
    if let Some(cpu) = number("server_cpu_us_per_message") {
        server(&mut lines, figures, cpu);
    }
    if let Some(cpu) = number("client_cpu_us_per_message") {
        let busy = number("client_busy").unwrap_or(0.0) * 100.0;
        lines.push(format!(
            "client CPU         {cpu:>12.2} us/message, busy {busy:.0} %"
        ));
    }
    lines.join("\n")
}

fn server(lines: &mut Vec<String>, figures: &Value, cpu: f64) {
    let number = |key: &str| figures[format!("server_{key}")].as_f64().unwrap_or(0.0);
    lines.push(format!(
        "server CPU         {cpu:>12.2} us/message, busy {:.0} %",
        number("busy") * 100.0
    ));
    lines.push(format!(
        "  user / kernel    {:>12.2} / {:.2} us/message",
        number("user_us_per_message"),
        number("system_us_per_message")
    ));
    let threads = figures["server_threads_us_per_message"].as_object();
    let mut threads: Vec<_> = threads
        .into_iter()
        .flatten()
        .filter_map(|(name, cpu)| Some((name, cpu.as_f64()?)))
        .filter(|(_, of_thread)| cpu * THREAD_SHARE_MIN < *of_thread)
        .collect();
    threads.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (name, cpu) in threads {
        lines.push(format!("  {name:<17}{cpu:>12.3} us/message"));
    }
    lines.push(format!(
        "  switches         {:>12.3} of its own will, {:.3} forced, per message",
        number("voluntary_switches_per_message"),
        number("involuntary_switches_per_message")
    ));
    lines.push(format!(
        "  page faults      {:>12.4} minor, {:.6} major, per message",
        number("minor_faults_per_message"),
        number("major_faults_per_message")
    ));
    if let Some(calls) = figures["server_syscalls_per_message"].as_f64() {
        lines.push(format!("  system calls     {calls:>12.3} per message"));
    }
    if let Some(why) = figures["server_syscalls_unknown"].as_str() {
        lines.push(format!("  system calls     not known: {why}"));
    }
    lines.push(format!(
        "server memory      {:>12.1} MiB resident, {:.1} without mapped files",
        number("resident_mib"),
        number("anonymous_mib")
    ));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_known_is_told() {
        let figures = json!({
            "seconds": 1.0, "messages_per_second": 10.0, "latency_p99_us": 5.0, "refused": {"2": 3},
            "server_cpu_us_per_message": 2.0,
            "server_threads_us_per_message": {"net-#": 1.9, "idle": 0.001},
        });
        let text = text("title", &figures);
        assert!(text.contains("p99 ") && !text.contains("p50"), "{text}");
        assert!(text.contains(r#"REFUSED by code  {"2":3}"#), "{text}");
        assert!(text.contains("net-#") && !text.contains("idle"), "{text}");
        assert!(
            !text.contains("cold") && !text.contains("one-way"),
            "{text}"
        );
    }
}
