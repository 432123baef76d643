//! Checks of single source files.

use super::Finding;

/// Longest part of a file before its tests, in lines.
const LINES_MAX: usize = 800;
/// Endings of type names that say nothing.
const ENDINGS: [&str; 10] = [
    "Manager",
    "Helper",
    "Helpers",
    "Util",
    "Utils",
    "Impl",
    "Inner",
    "Wrapper",
    "Factory",
    "Processor",
];
/// Beginnings of type names that say nothing.
const BEGINNINGS: [&str; 3] = ["Abstract", "Default", "Base"];

/// Checks the text of the file `name`.
pub(super) fn check(name: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |line: usize, text: String| {
        findings.push(Finding {
            place: name.to_owned(),
            line,
            text,
        });
    };
    if !text.starts_with("//! ") {
        add(
            1,
            "the first line must say what the file is for: `//! …`".to_owned(),
        );
    }
    let long = lines_before_tests(text);
    if long > LINES_MAX && !is_test_file(name) {
        add(
            0,
            format!("{long} lines before its tests, at most {LINES_MAX} are allowed; split it"),
        );
    }
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(found) = declared_type(line).filter(|name| is_banned(name)) {
            add(
                number,
                format!("the type name {found} says nothing; name what it is"),
            );
        }
    }
    for line in lost_matches(text) {
        add(
            line,
            "the result of `matches!` is thrown away; assert it".to_owned(),
        );
    }
    findings
}

fn is_test_file(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("/tests.rs")
}

/// Lines up to the module of unit tests at the end of a file.
fn lines_before_tests(text: &str) -> usize {
    text.lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .count()
}

/// The name of the type that `line` declares.
fn declared_type(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let mut word = words.next()?;
    if word.starts_with("pub") {
        word = words.next()?;
    }
    if !["struct", "enum", "trait", "type", "union"].contains(&word) {
        return None;
    }
    let rest = words.next()?;
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    Some(&rest[..end])
}

fn is_banned(name: &str) -> bool {
    let begins = |part: &str| {
        name.strip_prefix(part)
            .is_some_and(|rest| rest.starts_with(char::is_uppercase))
    };
    ENDINGS.iter().any(|part| name.ends_with(part)) || BEGINNINGS.iter().any(|part| begins(part))
}

/// Lines at which a statement is nothing but `matches!(…);`.
fn lost_matches(text: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut at = 0;
    let mut before = '{';
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let code = line.trim();
        let begins = "{};".contains(before) && code.starts_with("matches!(");
        let open = at + line.find("matches!(").unwrap_or_default() + "matches!".len();
        if begins && after_parentheses(&text[open..]) == Some(';') {
            lines.push(number);
        }
        at += line.len();
        if !code.is_empty() && !code.starts_with("//") {
            before = code.chars().next_back().unwrap_or(before);
        }
    }
    lines
}

/// The first character behind the parentheses that `text` begins with. Strings and character literals are skipped.
fn after_parentheses(text: &str) -> Option<char> {
    let mut depth = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '"' => skip_string(&mut rest),
            // A character that would count: over it and its closing quote. Lifetimes and others do no harm.
            '\'' if rest.next_if_eq(&'\\').is_some() => drop(rest.nth(1)),
            '\'' if "()\"".contains(*rest.peek()?) => drop(rest.nth(1)),
            _ => {}
        }
        if depth == 0 {
            return rest.find(|c| !c.is_whitespace());
        }
    }
    None
}

fn skip_string(rest: &mut impl Iterator<Item = char>) {
    while let Some(c) = rest.next() {
        match c {
            '"' => return,
            '\\' => drop(rest.next()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check("crates/x/src/a.rs", text)
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn a_file_begins_with_its_purpose() {
        assert!(lines("//! What it is for.\n").is_empty());
        assert_eq!(lines("use std::fmt;\n"), [1]);
        assert_eq!(lines("//!\n"), [1]);
        assert_eq!(lines(""), [1]);
    }

    #[test]
    fn type_names_that_say_nothing_are_found() {
        for (line, banned) in [
            ("pub struct TopicManager {", true),
            ("struct StringUtils;", true),
            ("pub(crate) enum SendProcessor<T> {", true),
            ("trait StoreImpl: Send {", true),
            ("type ConfigWrapper = u8;", true),
            ("pub struct AbstractStore(u8);", true),
            ("pub struct DefaultStore;", true),
            ("pub struct BaseStore;", true),
            ("pub struct Baseline;", false),
            ("pub struct Defaults;", false),
            ("pub struct Topics {", false),
            ("impl Default for Manager {", false),
            ("// struct TopicManager", false),
        ] {
            let text = format!("//! A file.\n{line}\n");
            assert_eq!(
                lines(&text),
                if banned { vec![2] } else { vec![] },
                "{line}"
            );
        }
    }

    #[test]
    fn long_files_are_found_but_tests_do_not_count() {
        let text = |code: usize, tests: usize| {
            let tests = "// test\n".repeat(tests);
            format!(
                "//! A file.\n{}#[cfg(test)]\n{tests}",
                "// code\n".repeat(code)
            )
        };
        assert!(lines(&text(799, 500)).is_empty());
        assert_eq!(lines(&text(800, 0)), [0]);
        assert!(check("crates/x/tests/it/a.rs", &text(5000, 0)).is_empty());
        assert!(check("crates/x/src/a/tests.rs", &text(5000, 0)).is_empty());
    }

    #[test]
    fn a_lost_result_of_matches_is_found() {
        for (code, lost) in [
            ("    matches!(x, Some(_));", true),
            (
                "    matches!(\n        x,\n        Some(\")\") | Some('(')\n    );",
                true,
            ),
            ("    let y =\n        matches!(x, Some(_));", false),
            ("    matches!(x, Some(_))", false),
            ("    matches!(x, A) && other();", false),
            ("    assert!(matches!(x, A));", false),
            ("    assert!(\n        matches!(x, A)\n    );", false),
        ] {
            let text = format!("//! A file.\nfn f() {{\n{code}\n}}\n");
            assert_eq!(lines(&text), if lost { vec![3] } else { vec![] }, "{code}");
        }
    }

    #[test]
    fn a_finding_names_its_place() {
        let finding = &check("a.rs", "x")[0];
        assert!(finding.to_string().starts_with("a.rs:1: the first line"));
    }
}
