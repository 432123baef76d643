//! The compatibility page says what is true: of all request codes that it names them, of this crate's that it serves them.

use ferromq_wire::code::RequestCode;

use crate::support::start;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../COMPATIBILITY.md");

/// The rows `| code | name | state | …` of a text.
fn rows(text: &str) -> Vec<(i32, String, String)> {
    text.lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            let code = cells.next()?.parse().ok()?;
            let name = cells.next()?.to_owned();
            Some((code, name, cells.next().unwrap_or_default().to_owned()))
        })
        .collect()
}

#[test]
fn the_page_names_every_request_code_once() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut named: Vec<(i32, String)> = rows(&page)
        .into_iter()
        .map(|(code, name, _)| (code, name))
        .collect();
    named.sort();
    let all: Vec<(i32, String)> = RequestCode::ALL
        .iter()
        .map(|(code, name)| (code.0, (*name).to_owned()))
        .collect();
    assert_eq!(named, all);
}

#[test]
fn a_name_server_serves_what_the_page_says_and_nothing_else() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (_, section) = page.split_once("\n## Requests to a name server\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let served: Vec<i32> = rows(section)
        .into_iter()
        .filter(|(_, _, state)| state != "not yet")
        .map(|(code, _, _)| code)
        .collect();
    let server = start("");
    let mut client = server.connect();
    for (code, name) in RequestCode::ALL {
        let is_served = client.call(code.0, &[]).code != 3;
        assert_eq!(is_served, served.contains(&code.0), "{name}");
    }
}
