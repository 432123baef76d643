//! The properties reader against the rules of Java's own.

use proptest::prelude::*;

use super::*;

fn pairs(text: &str) -> Vec<(String, String)> {
    Properties::parse(text.as_bytes())
        .unwrap()
        .entries
        .into_iter()
        .map(|entry| (entry.key, entry.value))
        .collect()
}

#[test]
fn reads_what_java_reads() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("a=b", &[("a", "b")]),
        ("a = b", &[("a", "b")]),
        ("a: b", &[("a", "b")]),
        ("a b", &[("a", "b")]),
        ("a \t = \t b c ", &[("a", "b c ")]),
        ("a", &[("a", "")]),
        ("a=", &[("a", "")]),
        ("=b", &[("", "b")]),
        ("a==b", &[("a", "=b")]),
        ("a : = b", &[("a", "= b")]),
        ("  # c\n\t! d\n\n   \na=1", &[("a", "1")]),
        ("a=1\rb=2\r\nc=3", &[("a", "1"), ("b", "2"), ("c", "3")]),
        ("a=1\\\n   2\\\r\n3", &[("a", "123")]),
        ("a=1\\\n\nb=2", &[("a", "1"), ("b", "2")]),
        ("a=1\\\n# no comment", &[("a", "1# no comment")]),
        ("a=1\\\\\nb=2", &[("a", "1\\"), ("b", "2")]),
        ("a=1\\", &[("a", "1")]),
        ("\\\na=1", &[("a", "1")]),
        ("# c\\\na=1", &[("a", "1")]),
        ("a\\ b\\=\\:=c", &[("a b=:", "c")]),
        ("\\#a=1", &[("#a", "1")]),
        (r"p=C:\store\new", &[("p", "C:store\new")]),
        (r"a=\t\n\r\f\z\\", &[("a", "\t\n\r\x0cz\\")]),
        (r"a=\u4e2d\uD83D\uDE00\ud83d", &[("a", "中😀\u{fffd}")]),
        ("k=中", &[("k", "中")]),
        ("\u{feff}a=1", &[("a", "1")]),
        ("a=1\na=2", &[("a", "1"), ("a", "2")]),
        ("a\x0cb", &[("a", "b")]),
    ];
    for (text, expected) in cases {
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        assert_eq!(pairs(text), expected, "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_utf_8_are_iso_8859_1() {
    let properties = Properties::parse(b"a=\xe4").unwrap();
    assert_eq!(properties.value("a"), Some("ä"));
}

#[test]
fn entries_know_their_line_and_the_last_value_wins() {
    let properties = Properties::parse(b"# c\na=1\\\n2\n\nb=2\na=3").unwrap();
    let lines: Vec<usize> = properties.entries.iter().map(|e| e.line).collect();
    assert_eq!(lines, [2, 5, 6]);
    assert_eq!(properties.value("a"), Some("3"));
    assert_eq!(properties.value("c"), None);
}

#[test]
fn says_where_an_escape_is_wrong() {
    for text in [
        "\n\na=\\u12",
        "\n\na=\\u12x4",
        "\n\n\\u=1",
        "\n\na=\\u+123",
        "\n\na=\\u12é4",
    ] {
        let error = Properties::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error, PropertiesError::BadEscape { line: 3 }, "{text:?}");
    }
}

#[test]
fn limits_hold() {
    let long = vec![b'a'; TEXT_BYTES_MAX + 1];
    assert_eq!(
        Properties::parse(&long).unwrap_err(),
        PropertiesError::TooLong {
            bytes: TEXT_BYTES_MAX + 1
        }
    );
    let many = "a\n".repeat(ENTRIES_MAX + 1);
    assert_eq!(
        Properties::parse(many.as_bytes()).unwrap_err(),
        PropertiesError::TooManyEntries
    );
}

#[test]
fn writes_plain_text_plainly_and_the_rest_in_ascii() {
    let mut out = String::new();
    write_entry(&mut out, "namesrvAddr", "a:9876;b:9876");
    write_entry(&mut out, "p", r"C:\x");
    write_entry(&mut out, "中 =", " 😀 ");
    assert_eq!(
        out,
        "namesrvAddr=a:9876;b:9876\np=C:\\\\x\n\\u4E2D\\ \\==\\ \\uD83D\\uDE00 \n"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Properties::parse(&bytes);
    }

    #[test]
    fn structured_noise_is_survived(text in "[a=: \\\\\n\r#!u0-9\t]{0,80}") {
        if let Ok(properties) = Properties::parse(text.as_bytes()) {
            prop_assert!(properties.entries.len() <= text.len());
        }
    }

    #[test]
    fn what_is_written_is_read_back(key in ".{1,20}", value in "(?s).{0,40}") {
        let mut out = String::new();
        write_entry(&mut out, &key, &value);
        prop_assert!(out.is_ascii());
        let read = Properties::parse(out.as_bytes()).unwrap();
        prop_assert_eq!(read.entries, vec![Entry { key, value, line: 1 }]);
    }
}
