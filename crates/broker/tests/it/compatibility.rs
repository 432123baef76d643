//! The compatibility page says of every request code what the broker does with it, and that is true.

use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;

use crate::support::TestBroker;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../COMPATIBILITY.md");

/// The codes of the rows `| code | name | state | …` that are served at least in part.
fn served(section: &str) -> Vec<i32> {
    section
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
            let code = cells.first()?.parse().ok()?;
            matches!(*cells.get(2)?, "same" | "partial").then_some(code)
        })
        .collect()
}

#[test]
fn a_broker_serves_what_the_page_says_and_nothing_else() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (_, sections) = page
        .split_once("\n## Requests of clients to a broker\n")
        .unwrap();
    let served: Vec<i32> = sections
        .split("\n## ")
        .filter(|section| !section.starts_with("Requests of a broker"))
        .flat_map(served)
        .collect();
    let broker = TestBroker::start();
    let mut client = broker.client();
    let mut wrong = Vec::new();
    for (code, name) in RequestCode::ALL {
        let reply = client.call(RemotingCommand::bare_request(*code));
        let is_served = reply.response_code() != ResponseCode::REQUEST_CODE_NOT_SUPPORTED;
        if is_served != served.contains(&code.0) {
            wrong.push(format!("{} {name} is served: {is_served}", code.0));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
