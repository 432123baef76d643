//! The load generator on its own, for measuring without building the broker.

use clap::Parser;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    bench: ferromq_bench::BenchArgs,
}

fn main() -> Result<(), ferromq_bench::BenchError> {
    ferromq_bench::run(&Cli::parse().bench)
}
