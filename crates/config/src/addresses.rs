//! Lists of name servers: `host:port;host:port`.

use thiserror::Error;

/// Most name servers of one list.
const ADDRESSES_MAX: usize = 64;

/// Why a list of name servers cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressesError {
    /// A part is no `host:port`.
    #[error("`{part}` is no name server address: write `host:port`, several separated by `;`")]
    NoAddress {
        /// The part.
        part: String,
    },
    /// More than the limit.
    #[error("more than {ADDRESSES_MAX} name servers")]
    TooMany,
}

/// The `host:port` parts of a list of name servers. An IPv6 address stands in brackets. Empty parts do not count.
pub fn name_servers(list: &str) -> Result<Vec<String>, AddressesError> {
    let mut addresses = Vec::new();
    for part in list
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        if addresses.len() == ADDRESSES_MAX {
            return Err(AddressesError::TooMany);
        }
        if !is_address(part) {
            let part = part.to_owned();
            return Err(AddressesError::NoAddress { part });
        }
        addresses.push(part.to_owned());
    }
    Ok(addresses)
}

/// Whether `text` is `host:port`.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let is_port =
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p != 0);
    let is_host = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(host) => host.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', ',', '/', '@', '[', ']', ' ']),
    };
    is_port && is_host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists() {
        assert_eq!(
            name_servers("a:9876; [::1]:9877 ;").unwrap(),
            ["a:9876", "[::1]:9877"]
        );
        assert!(name_servers(" ").unwrap().is_empty());
    }

    #[test]
    fn names_the_part_that_is_wrong() {
        for part in [
            "a",
            "a:",
            ":1",
            "a:0",
            "a:70000",
            "a:1,b:1",
            "a:+1",
            "::1:1",
            "http://a:1",
            "[x]:1",
        ] {
            let error = name_servers(&format!("ok:1;{part}")).unwrap_err();
            assert_eq!(
                error,
                AddressesError::NoAddress {
                    part: part.to_owned()
                }
            );
        }
        assert_eq!(
            name_servers(&"a:1;".repeat(65)),
            Err(AddressesError::TooMany)
        );
    }
}
