//! Headers as real peers write them.

use ferromq_wire::frame::SerializeType;
use ferromq_wire::header::FieldError;
use ferromq_wire::request::{PullRequest, SendRequest, UpdateConsumerOffsetRequest, pull_flag};
use ferromq_wire::{FromFields, Language, RequestCode, RequestHeader, Scratch, Version};

fn json(text: &str) -> RequestHeader<'_> {
    RequestHeader::parse_bytes(SerializeType::Json, text.as_bytes()).unwrap()
}

const SEND_V2: &str = r#"{"code":310,"extFields":{"a":"PG","b":"T","c":"TBW102","d":"4","e":"1","f":"0","g":"1700000000000","h":"0","i":"TAGS\u0001A\u0002","j":"0","k":"false","m":"false","n":"b-a"},"flag":0,"language":"JAVA","opaque":1,"serializeTypeCurrentRPC":"JSON","version":479}"#;

#[test]
fn a_java_send_is_read() {
    let header = json(SEND_V2);
    assert_eq!(header.code, 310);
    assert_eq!(header.version, Version::CURRENT);
    assert_eq!(header.language, Language::Java);
    assert_eq!((header.opaque, header.flag), (1, 0));
    let mut scratch = Scratch::default();
    let send = SendRequest::parse(RequestCode(310), &header.fields, &mut scratch).unwrap();
    assert_eq!(
        send,
        SendRequest {
            producer_group: "PG",
            topic: "T",
            default_topic: "TBW102",
            default_topic_queue_nums: 4,
            queue_id: 1,
            born_timestamp: 1_700_000_000_000,
            properties: "TAGS\u{1}A\u{2}",
            broker_name: Some("b-a"),
            ..SendRequest::default()
        }
    );
}

#[test]
fn a_cpp_send_with_numbers_is_read() {
    let header = json(
        r#"{"code":310,"language":"CPP","version":333,"opaque":5,"flag":0,"remark":"","extFields":{"a":"PG","b":"T","c":"TBW102","d":4,"e":1,"f":0,"g":1700000000000,"h":0,"i":"","j":0,"k":false,"l":-1,"m":true,"Signature":"","AccessKey":"","OnsChannelKey":""}}"#,
    );
    assert_eq!(header.language, Language::Cpp);
    assert_eq!(header.remark().as_deref(), Some(""));
    let mut scratch = Scratch::default();
    let send = SendRequest::parse(RequestCode(310), &header.fields, &mut scratch).unwrap();
    assert_eq!(send.born_timestamp, 1_700_000_000_000);
    assert_eq!(send.max_reconsume_times, Some(-1));
    assert!(send.batch && !send.unit_mode);
}

#[test]
fn a_go_send_with_long_names_is_read() {
    let header = json(
        r#"{"code":10,"language":"GO","version":317,"opaque":2,"flag":0,"remark":"","extFields":{"producerGroup":"PG","topic":"T","defaultTopic":"TBW102","defaultTopicQueueNums":"4","queueId":"3","sysFlag":"0","bornTimestamp":"17","flag":"0","properties":"A\u0001b\u0002","reconsumeTimes":"0","unitMode":"false","maxReconsumeTimes":"0","batch":"false"}}"#,
    );
    let mut scratch = Scratch::default();
    let send = SendRequest::parse(RequestCode(10), &header.fields, &mut scratch).unwrap();
    assert_eq!((send.topic, send.queue_id), ("T", 3));
    assert_eq!(send.properties, "A\u{1}b\u{2}");
    assert_eq!(send.max_reconsume_times, Some(0));
    let wrong = SendRequest::parse(RequestCode(310), &header.fields, &mut scratch);
    assert_eq!(wrong, Err(FieldError::Missing("producerGroup")));
}

#[test]
fn a_java_pull_is_read() {
    let header = json(
        r#"{"code":11,"extFields":{"queueId":"0","maxMsgBytes":"262144","maxMsgNums":"32","sysFlag":"3","suspendTimeoutMillis":"15000","commitOffset":"5","bname":"broker-a","topic":"T","queueOffset":"5","expressionType":"TAG","subVersion":"1700000000000","consumerGroup":"CG"},"flag":0,"language":"JAVA","opaque":9,"serializeTypeCurrentRPC":"JSON","version":479}"#,
    );
    let mut scratch = Scratch::default();
    let pull = PullRequest::parse(&header.fields, &mut scratch).unwrap();
    assert_eq!((pull.consumer_group, pull.topic), ("CG", "T"));
    assert_eq!((pull.queue_offset, pull.commit_offset), (5, 5));
    assert_eq!(pull.suspend_timeout_millis, 15_000);
    assert_eq!(
        (pull.request_source, pull.max_msg_bytes),
        (-1, Some(262_144))
    );
    assert!(pull.has(pull_flag::SUSPEND) && !pull.has(pull_flag::SUBSCRIPTION));
}

#[test]
fn missing_and_wrong_fields_are_named() {
    let mut scratch = Scratch::default();
    let absent = json(r#"{"code":11}"#);
    assert_eq!(
        PullRequest::parse(&absent.fields, &mut scratch),
        Err(FieldError::Absent("consumerGroup"))
    );
    let null = json(r#"{"code":11,"extFields":null,"remark":null}"#);
    assert!(null.fields.is_absent() && null.remark().is_none());
    let empty = json(r#"{"code":15,"extFields":{}}"#);
    assert!(!empty.fields.is_absent());
    assert_eq!(
        UpdateConsumerOffsetRequest::from_fields(&empty.fields),
        Err(FieldError::Missing("consumerGroup"))
    );
    let wrong = json(
        r#"{"code":15,"extFields":{"consumerGroup":"g","topic":"t","queueId":"one","commitOffset":"5"}}"#,
    );
    let error = UpdateConsumerOffsetRequest::from_fields(&wrong.fields).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"the request field queueId is "one", expected a 32-bit integer"#
    );
}

/// Every row: a header text and the value that its field `x` must have.
#[test]
fn odd_field_values_are_read_as_their_text() {
    for (value, read) in [
        ("5", Some("5")),
        ("-5", Some("-5")),
        ("true", Some("true")),
        ("1.5", Some("1.5")),
        (r#"{"a":1}"#, Some(r#"{"a":1}"#)),
        ("[1,2]", Some("[1,2]")),
        ("null", None),
        (r#""""#, Some("")),
        ("'single'", Some("single")),
    ] {
        for (open, close) in [("{\"x\":", "}"), ("{x:", "}"), ("{'x':", ",}")] {
            let text = format!("{{\"code\":1,\"extFields\":{open}{value}{close}}}");
            let header = json(&text);
            let mut scratch = Scratch::default();
            let view = header.fields.view(&mut scratch).unwrap();
            assert_eq!(view.get("x"), read.map(str::as_bytes), "{text}");
        }
    }
}

#[test]
fn odd_headers_are_read() {
    for text in [
        r#"{"code":"34","language":9,"version":317,"opaque":3,"flag":2}"#,
        r#"{"code":34,"language":"go","version":317,"opaque":3,"flag":2,"unknown":[{}]}"#,
        r#"{"CODE":34,"Language":"GO","VERSION":317,"opaque":3,"flag":2}"#,
        r#"{code:34,'language':'GO',version:317,opaque:3,flag:2,}"#,
        " {\n\t\"code\" : 34 , \"language\":\"GO\",\"version\":317,\"opaque\":3,\"flag\":2}\r\n",
        r#"{"code":34,"languag\u0065":"GO","version":317,"opaque":3,"flag":2}"#,
        r#"{"code":1,"code":34,"language":"\u0047O","version":317,"opaque":3,"flag":2}"#,
    ] {
        let header = json(text);
        assert_eq!((header.code, header.opaque), (34, 3), "{text}");
        assert_eq!(header.language, Language::Go, "{text}");
        assert_eq!(header.version, Version(317));
        assert!(header.is_oneway() && !header.is_response());
    }
    assert_eq!(json("{}").code, 0);
    assert_eq!(json("{}").language, Language::Java);
    assert_eq!(json(r#"{"language":"COBOL"}"#).language, Language::Unknown);
}

#[test]
fn remarks_are_read_with_and_without_escapes() {
    assert_eq!(
        json(r#"{"remark":"plain 支"}"#).remark().unwrap(),
        "plain 支"
    );
    let escaped = json(r#"{"remark":"a\n\"b\"\u652f"}"#);
    assert_eq!(escaped.remark().unwrap(), "a\n\"b\"支");
}

#[test]
fn of_a_repeated_field_the_last_counts() {
    let mut scratch = Scratch::default();
    let header = json(r#"{"code":1,"extFields":{"x":"1","x":"2"}}"#);
    let view = header.fields.view(&mut scratch).unwrap();
    assert_eq!(view.get("x"), Some(&b"2"[..]));
    let header = json(r#"{"extFields":{"x":"1"},"extFields":{"y":"2"}}"#);
    let view = header.fields.view(&mut scratch).unwrap();
    assert_eq!(view.get("x"), None);
}

#[test]
fn what_is_no_header_is_refused() {
    for text in [
        "",
        "{",
        "[]",
        "null",
        "\"x\"",
        r#"{"code":99999999999}"#,
        r#"{"code":"x"}"#,
        r#"{"code":1} x"#,
        r#"{"extFields":[]}"#,
        r#"{"extFields":{"a":"\uZZZZ"}"#,
        r#"{"code":1,"remark":"\q"}"#,
        r#"{"code":1,"language":"J\A"}"#,
        r#"{"code":1,"serializeTypeCurrentRPC":"J\ON"}"#,
    ] {
        let parsed = RequestHeader::parse_bytes(SerializeType::Json, text.as_bytes());
        assert!(parsed.is_err(), "{text}");
    }
}

#[test]
fn an_escape_that_does_not_exist_fails_the_request_not_the_connection() {
    let header = json(r#"{"code":310,"opaque":4,"extFields":{"i":"\q"}}"#);
    assert_eq!(header.opaque, 4);
    let mut scratch = Scratch::default();
    assert!(header.fields.view(&mut scratch).is_err());
}

#[test]
fn more_fields_than_usual_are_kept() {
    let fields: Vec<String> = (0..100)
        .map(|n| format!("\"k{n}\":\"\\u0041{n}\""))
        .collect();
    let text = format!("{{\"code\":1,\"extFields\":{{{}}}}}", fields.join(","));
    let header = json(&text);
    let mut scratch = Scratch::default();
    let view = header.fields.view(&mut scratch).unwrap();
    for n in 0..100 {
        assert_eq!(view.get(&format!("k{n}")), Some(format!("A{n}").as_bytes()));
    }
}
