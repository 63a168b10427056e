//! The one binary: `ezscale`.

use std::process::ExitCode;

fn main() -> ExitCode {
    portals::cli::main()
}
