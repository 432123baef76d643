//! Project checks and chores that are programs: `cargo xtask tidy`.

mod tidy;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask tidy

  tidy    checks the structure: who may depend on whom, first lines, names, file lengths, lost results
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("tidy"), None) => tidy(),
        _ => {
            say(USAGE);
            ExitCode::from(2)
        }
    }
}

fn tidy() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match tidy::check(&root) {
        Ok(findings) if findings.is_empty() => ExitCode::SUCCESS,
        Ok(findings) => {
            for finding in &findings {
                say(&format!("{finding}\n"));
            }
            say(&format!("tidy: {} findings\n", findings.len()));
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("tidy: {error}\n"));
            ExitCode::from(2)
        }
    }
}

/// Writes to standard error; there is nobody to tell if that fails.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
