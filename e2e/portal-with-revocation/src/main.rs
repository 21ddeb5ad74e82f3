//! The reception portal of an institution that may ask about revocation: with a `main` of its own,
//! as such an institution writes one. Whom it asks is a file that lists serial numbers.

use std::borrow::Cow;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use clap::Parser;
use kazashi_reception_portal::{Options, RevocationChecker, run};
use kazashi_verify::{Certificate, Revocation};

/// The variable that names the file: serial numbers of certificates that are revoked, one a line.
const LIST: &str = "KAZASHI_E2E_REVOKED";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let list = PathBuf::from(std::env::var_os(LIST).ok_or(format!("{LIST} is not set"))?);
    run(Options::parse(), Arc::new(List(list))).await
}

/// A list of revoked certificates, which may change while the portal runs.
#[derive(Debug)]
struct List(PathBuf);

#[async_trait]
impl RevocationChecker for List {
    async fn check(&self, certificate: &Certificate) -> Revocation {
        let Ok(list) = fs::read_to_string(&self.0) else {
            return Revocation::NotChecked { because: Cow::Borrowed("the list is out of reach") };
        };
        if list.lines().any(|serial_number| serial_number == certificate.serial_number()) {
            Revocation::Revoked
        } else {
            Revocation::Good
        }
    }
}
