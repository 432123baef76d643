//! The text of Apache RocketMQ's settings files: one tab per level, no blank after the colon, arrays on one line, and
//! in places keys that are bare integers, which no JSON parser accepts.

use std::io;

use ferromq_wire::lenient;
use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::ser::Formatter;

/// Reads a settings file or a request body: JSON, or else what Java, C++ and Go take for it.
pub(crate) fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(text).or_else(|_| {
        let value = lenient::parse(text).map_err(serde_json::Error::custom)?;
        serde_json::from_value(value)
    })
}

/// `value` as the files show it, to be put after a key at depth `depth`.
pub(crate) fn pretty<T: Serialize>(value: &T, depth: usize) -> String {
    let mut out = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut out, TabFormatter::at(depth));
    value
        .serialize(&mut writer)
        .expect("settings have string keys and a vector takes every byte");
    String::from_utf8(out).expect("a JSON writer writes UTF-8")
}

/// An object of ready-made `"key":value` members at depth `depth`.
pub(crate) fn object(members: impl Iterator<Item = String>, depth: usize) -> String {
    let inner = "\t".repeat(depth + 1);
    let lines: Vec<String> = members.map(|member| format!("\n{inner}{member}")).collect();
    if lines.is_empty() {
        return "{}".to_owned();
    }
    format!("{{{}\n{}}}", lines.join(","), "\t".repeat(depth))
}

/// `text` as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Objects over several lines, indented by tabs; arrays on one line, as far as they hold no objects.
struct TabFormatter {
    depth: usize,
    /// Whether the innermost object has members; needed only until its end, so one flag is enough.
    has_members: bool,
}

impl TabFormatter {
    fn at(depth: usize) -> Self {
        Self {
            depth,
            has_members: false,
        }
    }

    fn new_line<W: ?Sized + io::Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| out.write_all(b"\t"))
    }
}

impl Formatter for TabFormatter {
    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.has_members = false;
        out.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        self.new_line(out)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _out: &mut W) -> io::Result<()> {
        self.has_members = true;
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if self.has_members {
            self.new_line(out)?;
        }
        out.write_all(b"}")
    }
}
