//! The reception portal of an institution that may ask about revocation: with a `main` of its own,
//! as such an institution writes one. Whom it asks is a file that lists serial numbers, and takes its
//! time where another file says so.

use std::borrow::Cow;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kazashi_reception_portal::{Options, RevocationChecker, run};
use kazashi_verify::{Answer, Certificate};

/// The variable that names the file: serial numbers of certificates that are revoked, one a line.
const LIST: &str = "KAZASHI_E2E_REVOKED";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let list = PathBuf::from(std::env::var_os(LIST).ok_or(format!("{LIST} is not set"))?);
    run(Options::from_command_line(), Arc::new(List(list))).await
}

/// A list of revoked certificates, which may change while the portal runs.
#[derive(Debug)]
struct List(PathBuf);

impl List {
    /// For how long it says nothing: so many milliseconds, by the file `….delay` beside it.
    fn delay(&self) -> Duration {
        let said = fs::read_to_string(self.0.with_extension("delay")).unwrap_or_default();
        Duration::from_millis(said.trim().parse().unwrap_or_default())
    }
}

#[async_trait]
impl RevocationChecker for List {
    async fn check(&self, certificate: &Certificate) -> Answer {
        tokio::time::sleep(self.delay()).await;
        let Ok(list) = fs::read_to_string(&self.0) else {
            return Answer::NotChecked { because: Cow::Borrowed("the list is out of reach") };
        };
        if list.lines().any(|serial_number| serial_number == certificate.serial_number()) {
            Answer::Revoked
        } else {
            Answer::Good
        }
    }
}
