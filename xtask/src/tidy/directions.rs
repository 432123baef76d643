//! Which crate may depend on which: the one place where that is written down as data.

use serde_json::Value;

use super::Finding;

/// A crate's place in the order.
struct Rule {
    /// Name without the `ferromq-` in front; the binary is `ferromq` itself.
    name: &'static str,
    /// Crates depend on lower tiers only.
    tier: u8,
    /// What it may depend on, of this workspace.
    may_use: &'static [&'static str],
}

const fn rule(name: &'static str, tier: u8, may_use: &'static [&'static str]) -> Rule {
    Rule {
        name,
        tier,
        may_use,
    }
}

/// Name of the crate with test doubles: a development dependency only.
const TESTKIT: &str = "testkit";

const RULES: [Rule; 16] = [
    rule("base", 1, &[]),
    rule("wire", 2, &["base"]),
    rule("config", 2, &[]),
    rule("disk", 2, &["base"]),
    rule("net", 3, &["base", "wire"]),
    rule("storage", 3, &["base", "wire", "disk"]),
    rule("rpc", 4, &["base", "wire"]),
    rule("namesrv", 5, &["base", "wire", "config", "disk", "net"]),
    rule(
        "broker",
        5,
        &["base", "wire", "config", "disk", "net", "rpc", "storage"],
    ),
    rule("client", 5, &["base", "wire", "rpc"]),
    rule("cli", 6, &["base", "client"]),
    rule("bench", 6, &[]),
    rule(
        "ferromq",
        7,
        &[
            "base", "wire", "config", "disk", "net", "storage", "rpc", "namesrv", "broker",
            "client", "cli", "bench",
        ],
    ),
    // Tools: not part of the product.
    rule(
        TESTKIT,
        6,
        &[
            "base", "wire", "config", "disk", "net", "storage", "rpc", "namesrv", "broker",
            "client",
        ],
    ),
    rule("floor", 1, &[]),
    rule("xtask", 1, &[]),
];

/// Checks the dependencies between the members of the workspace; `metadata` is what `cargo metadata` prints.
pub(super) fn check(metadata: &Value) -> Vec<Finding> {
    let packages = metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let mut findings = Vec::new();
    for package in packages {
        let name = short(package["name"].as_str().unwrap_or_default());
        let Some(rule) = find(name) else {
            findings.push(finding(
                name,
                "is not in the table of crates; add it to xtask's directions".to_owned(),
            ));
            continue;
        };
        let dependencies = package["dependencies"].as_array();
        for dependency in dependencies.into_iter().flatten() {
            if dependency["path"].is_string() {
                findings.extend(check_dependency(rule, dependency));
            }
        }
    }
    findings
}

fn check_dependency(rule: &Rule, dependency: &Value) -> Option<Finding> {
    let used = short(dependency["name"].as_str().unwrap_or_default());
    if rule.may_use.contains(&used) {
        return None;
    }
    if dependency["kind"].as_str() != Some("dev") {
        return Some(finding(
            rule.name,
            format!(
                "must not depend on {used}; it may use only {:?}",
                rule.may_use
            ),
        ));
    }
    // Tests may reach sideways, but not up: what is above must be tested there.
    if used == TESTKIT || find(used).is_some_and(|used| used.tier <= rule.tier) {
        return None;
    }
    Some(finding(
        rule.name,
        format!("its tests must not depend on {used}, which is in a higher tier"),
    ))
}

fn short(name: &str) -> &str {
    name.strip_prefix("ferromq-").unwrap_or(name)
}

fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

fn finding(name: &str, text: String) -> Finding {
    Finding {
        place: format!("crate {name}"),
        line: 0,
        text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Findings of a crate that depends on one other.
    fn found(name: &str, used: &str, kind: Value) -> usize {
        let metadata = json!({"packages": [{
            "name": name,
            "dependencies": [
                {"name": used, "path": "/somewhere", "kind": kind},
                {"name": "serde", "kind": null},
            ],
        }]});
        check(&metadata).len()
    }

    #[test]
    fn the_table_itself_only_points_down() {
        for rule in &RULES {
            for used in rule.may_use {
                let used = find(used).unwrap();
                assert!(used.tier < rule.tier, "{} -> {}", rule.name, used.name);
            }
        }
    }

    #[test]
    fn directions_are_enforced() {
        assert_eq!(found("ferromq-broker", "ferromq-storage", Value::Null), 0);
        assert_eq!(found("ferromq", "ferromq-broker", Value::Null), 0);
        for (name, used) in [
            ("ferromq-wire", "ferromq-net"),
            ("ferromq-broker", "ferromq-namesrv"),
            ("ferromq-client", "ferromq-net"),
            ("ferromq-base", "ferromq-base"),
            ("ferromq-storage", "ferromq-testkit"),
        ] {
            assert_eq!(found(name, used, Value::Null), 1, "{name} -> {used}");
            assert_eq!(found(name, used, json!("build")), 1, "{name} -> {used}");
        }
    }

    #[test]
    fn tests_may_use_the_testkit_and_their_own_tier_but_nothing_above() {
        assert_eq!(found("ferromq-wire", "ferromq-testkit", json!("dev")), 0);
        assert_eq!(found("ferromq-broker", "ferromq-namesrv", json!("dev")), 0);
        assert_eq!(found("ferromq-wire", "ferromq-broker", json!("dev")), 1);
    }

    #[test]
    fn unknown_crates_are_found() {
        let metadata = json!({"packages": [{"name": "ferromq-new", "dependencies": []}]});
        assert_eq!(check(&metadata).len(), 1);
    }
}
