//! What a client speaks, told from the first bytes it sends.

/// The twelve bytes every PROXY protocol v2 header begins with.
const PROXY_V2: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// A PROXY protocol v1 header begins with this.
const PROXY_V1: [u8; 6] = *b"PROXY ";
/// The first byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

/// What the first bytes of a connection mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// Remoting frames. Every frame begins with a zero byte, because a frame is at most 16 MiB long.
    Plain,
    /// A TLS handshake.
    Tls,
    /// A PROXY protocol header, text or binary.
    Proxy,
    /// A browser, a health check, or the like.
    Http,
    /// None of these.
    Garbage,
}

impl Speech {
    /// Why such a connection is closed, for the log; `None` if it is not.
    pub(crate) fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Tls => {
                Some("client speaks TLS, which this build cannot: switch TLS off in the client")
            }
            Self::Proxy => Some(
                "a load balancer sent a PROXY protocol header, which this build cannot read: switch it off there",
            ),
            Self::Http => {
                Some("client speaks HTTP, but this port serves RocketMQ's remoting protocol")
            }
            Self::Garbage => Some("first bytes are no frame of RocketMQ's remoting protocol"),
        }
    }
}

/// Classifies a connection by the first bytes that arrived, at least one.
///
/// No frame begins with anything but a zero byte, so there is never a need to wait for more.
pub(crate) fn detect(bytes: &[u8]) -> Speech {
    const HTTP: [&[u8]; 6] = [b"GET ", b"POST ", b"PUT ", b"HEAD ", b"OPTIONS ", b"PRI * "];
    match bytes.first() {
        None | Some(0) => Speech::Plain,
        Some(&TLS_HANDSHAKE) => Speech::Tls,
        Some(_) if bytes.starts_with(&PROXY_V1) || bytes.starts_with(&PROXY_V2) => Speech::Proxy,
        Some(_) if HTTP.iter().any(|method| bytes.starts_with(method)) => Speech::Http,
        Some(_) => Speech::Garbage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_protocols_apart_by_their_first_bytes() {
        for (bytes, speech) in [
            (&b"\0"[..], Speech::Plain),
            (b"\0\0\0\x2a\x01", Speech::Plain),
            (b"\x16\x03\x01", Speech::Tls),
            (b"PROXY TCP4 10.0.0.9", Speech::Proxy),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", Speech::Proxy),
            (b"PRO", Speech::Garbage),
            (b"PUT / HTTP/1.1", Speech::Http),
            (b"GET / HTTP/1.1", Speech::Http),
            (b"\r\nx", Speech::Garbage),
            (b"\x7f\xff\xff\xff", Speech::Garbage),
            (b"hello", Speech::Garbage),
        ] {
            assert_eq!(detect(bytes), speech, "{bytes:?}");
        }
    }
}
