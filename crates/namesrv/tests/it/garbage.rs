//! Requests that are none, or not for a name server.

use crate::support::{frame, start};

#[test]
fn unknown_codes_are_told_so() {
    let server = start("");
    let mut client = server.connect();
    for code in [0, 10, 25, 905, 99_999, -1] {
        let expected = format!(" request type {code} not supported");
        assert_eq!(
            client.call(code, &[("topic", "T")]).status(),
            (3, expected.as_str())
        );
    }
}

#[test]
fn a_request_without_its_fields_is_told_what_is_missing() {
    let server = start("");
    let mut client = server.connect();
    for (code, field) in [
        (105, "topic"),
        (104, "brokerName"),
        (205, "brokerName"),
        (216, "topic"),
        (219, "namespace"),
        (224, "cluster"),
        (322, "brokerName"),
        (901, "clusterName"),
        (904, "clusterName"),
    ] {
        for fields in [&[][..], &[("other", "x")]] {
            let reply = client.call(code, fields);
            assert_eq!(reply.code, 1, "{code}");
            assert!(reply.remark.unwrap().contains(field), "{code}");
        }
    }
}

#[test]
fn unreadable_bytes_close_the_connection_and_nothing_else() {
    let server = start("");
    let mut healthy = server.connect();
    let claims = 0x7fff_ffff_u32.to_be_bytes();
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &claims,
        &frame(b"{]", b""),
        &frame(b"", b""),
        &[0, 0, 0, 2, 0, 0, 0, 0],
        &[0, 0, 0, 8, 0, 0, 0xff, 0xff, 1, 2, 3, 4],
        &[0, 0, 0, 4, 7, 0, 0, 0],
    ] {
        let mut client = server.connect();
        client.write(bytes);
        assert!(client.is_closed(), "{bytes:?}");
    }
    assert_eq!(healthy.call(206, &[]).code, 0);
}

#[test]
fn half_a_frame_is_waited_for_and_responses_are_ignored() {
    let server = start("");
    let mut client = server.connect();
    let response = frame(br#"{"code":0,"flag":1,"opaque":7,"version":479}"#, b"");
    client.write(&response);
    client.write(&response[..5]);
    client.write(&response[5..]);
    assert_eq!(client.call(206, &[]).code, 0);
}
