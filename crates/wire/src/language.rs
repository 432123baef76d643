//! The languages of peers.

use std::fmt;

/// Language of the peer that made a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Java, and what servers say of themselves.
    #[default]
    Java,
    /// C++.
    Cpp,
    /// .NET.
    Dotnet,
    /// Python.
    Python,
    /// Delphi.
    Delphi,
    /// Erlang.
    Erlang,
    /// Ruby.
    Ruby,
    /// Something else; also what unknown names are written as.
    Other,
    /// HTTP.
    Http,
    /// Go.
    Go,
    /// PHP.
    Php,
    /// Open messaging.
    Oms,
    /// Rust.
    Rust,
    /// Node.js.
    NodeJs,
    /// A name or number that is not in the table.
    Unknown,
}

const TABLE: [(Language, &str); 14] = [
    (Language::Java, "JAVA"),
    (Language::Cpp, "CPP"),
    (Language::Dotnet, "DOTNET"),
    (Language::Python, "PYTHON"),
    (Language::Delphi, "DELPHI"),
    (Language::Erlang, "ERLANG"),
    (Language::Ruby, "RUBY"),
    (Language::Other, "OTHER"),
    (Language::Http, "HTTP"),
    (Language::Go, "GO"),
    (Language::Php, "PHP"),
    (Language::Oms, "OMS"),
    (Language::Rust, "RUST"),
    (Language::NodeJs, "NODE_JS"),
];

impl Language {
    /// Name in JSON headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        TABLE.get(self as usize).map_or("OTHER", |row| row.1)
    }

    /// Number in binary headers.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Unknown => Self::Other as u8,
            known => known as u8,
        }
    }

    /// The language with this number.
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        usize::try_from(code)
            .ok()
            .and_then(|at| TABLE.get(at))
            .map_or(Self::Unknown, |row| row.0)
    }

    /// The language with this name, in any case.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Self {
        TABLE
            .iter()
            .find(|row| row.1.as_bytes().eq_ignore_ascii_case(name))
            .map_or(Self::Unknown, |row| row.0)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_belong_together() {
        for (at, (language, name)) in TABLE.into_iter().enumerate() {
            assert_eq!(usize::from(language.code()), at);
            assert_eq!(Language::from_code(at as i64), language);
            assert_eq!(Language::from_name(name.as_bytes()), language);
            assert_eq!(language.name(), name);
        }
        assert_eq!(Language::from_name(b"go"), Language::Go);
        assert_eq!(Language::from_code(9), Language::Go);
        assert_eq!(Language::from_code(-1), Language::Unknown);
        assert_eq!(Language::from_name(b"COBOL").name(), "OTHER");
    }
}
