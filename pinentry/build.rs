//! Puts the dialog's templates, the manifest and the version into the program, on Windows.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use embed_resource::{CompilationResult, NONE, compile};

const RESOURCES: &str = "resources/pinentry.rc";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=resources");
    write_version()?;
    match compile(RESOURCES, NONE) {
        // Without a resource compiler the program can be checked, but must not be made: it would
        // have no dialog. So the linker is asked for what is missing, and says so.
        CompilationResult::NotAttempted(_) => {
            println!("cargo::rustc-link-arg-bins={RESOURCES}-was-not-compiled");
            Ok(())
        }
        result => Ok(result.manifest_required()?),
    }
}

/// Writes what the resources include as `version.h`: the package's version, as text and as numbers.
fn write_version() -> Result<(), Box<dyn Error>> {
    let version = env::var("CARGO_PKG_VERSION")?;
    let part = |name: &str| env::var(format!("CARGO_PKG_VERSION_{name}"));
    let numbers = format!("{},{},{},0", part("MAJOR")?, part("MINOR")?, part("PATCH")?);
    let definitions = format!("#define VERSION \"{version}\"\n#define VERSION_NUMBERS {numbers}\n");
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("version.h"), definitions)?)
}
