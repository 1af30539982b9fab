//! The command `equipoise`.

use std::process::ExitCode;

fn main() -> ExitCode {
    equipoise::cli::main()
}
