//! Whether a visitor's certificate was revoked: who is asked is the operator's choice, and so is
//! what is made of no answer.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::ValueEnum;
use kazashi_verify::{Answer, Certificate};
use tokio::time::timeout;
use tracing::warn;

use crate::failure::Failure;
use crate::store::Portal;

/// Asks whoever may tell this institution about revocation.
///
/// JPKI answers accredited verifiers and those who have an agreement with one. What is not known is
/// [`Answer::NotChecked`], with the reason: it receives a visitor only where the operator accepts that
/// by name (`--accept-unchecked`), and then receipts say so to the visitor, the board to the staff.
/// A [revoked](Answer::Revoked) certificate receives nobody.
#[async_trait]
pub trait RevocationChecker: fmt::Debug + Send + Sync {
    /// Asks about one certificate. A visitor waits for `--revocation-patience` seconds; what is said
    /// after that still takes whoever is revoked off the lists of the gates.
    async fn check(&self, certificate: &Certificate) -> Answer;

    /// Whether there is anybody to ask. Who has nobody says [`Answer::NotChecked`] of everyone.
    fn has_somebody_to_ask(&self) -> bool {
        true
    }
}

/// Asks nobody, as this project has nobody to ask.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "nobody has no settings")]
pub struct NobodyAsked;

#[async_trait]
impl RevocationChecker for NobodyAsked {
    async fn check(&self, _: &Certificate) -> Answer {
        not_checked("this server has nobody to ask")
    }

    fn has_somebody_to_ask(&self) -> bool {
        false
    }
}

/// Why nobody said whether a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unchecked {
    /// This server has nobody to ask
    NobodyAsked,
    /// Whoever was asked does not know, or did not answer in time
    NoAnswer,
}

/// How long what nobody waits for any more may take.
const LATEST: Duration = Duration::from_mins(1);

/// The checker, within its time, and what is made of its answers.
pub(crate) struct Revocation {
    pub(crate) checker: Arc<dyn RevocationChecker>,
    /// For how long a visitor waits.
    pub(crate) patience: Duration,
    /// What may be missing, and a visitor is received all the same.
    pub(crate) accepted: Vec<Unchecked>,
    pub(crate) portal: Portal,
}

impl Revocation {
    /// Asks about the certificate of a visitor. What is not known is an answer only where the
    /// operator accepts that.
    pub(crate) async fn ask(
        &self,
        certificate: &Certificate,
        subject: String,
    ) -> Result<Answer, Failure> {
        // On its own: an answer is worth hearing though the visitor's request is over.
        let asked = tokio::spawn(ask_and_remember(
            Arc::clone(&self.checker),
            self.portal.clone(),
            certificate.clone(),
            subject,
        ));
        let answer = match timeout(self.patience, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => not_checked("the question could not be asked"),
            Err(_) => not_checked("no answer came in time"),
        };
        match answer {
            Answer::NotChecked { .. } if !self.accepts_no_word() => {
                Err(Failure::REVOCATION_NOT_CHECKED)
            }
            answer => Ok(answer),
        }
    }

    /// Whether visitors are received of whom nobody says anything.
    pub(crate) fn accepts_no_word(&self) -> bool {
        self.accepted.contains(&match self.checker.has_somebody_to_ask() {
            true => Unchecked::NoAnswer,
            false => Unchecked::NobodyAsked,
        })
    }
}

/// Asks, and keeps the lists of the gates to the answer.
async fn ask_and_remember(
    checker: Arc<dyn RevocationChecker>,
    portal: Portal,
    certificate: Certificate,
    subject: String,
) -> Answer {
    let answer = timeout(LATEST, checker.check(&certificate)).await;
    let answer = answer.unwrap_or_else(|_| not_checked("no answer came"));
    let remembered = match answer {
        Answer::Good => portal.list_again(&subject).await,
        Answer::Revoked => portal.take_off_lists(&subject, portal.now()).await,
        Answer::NotChecked { .. } => Ok(()),
    };
    if let Err(error) = remembered {
        warn!(%error, "an answer about revocation did not reach the lists of the gates");
    }
    answer
}

fn not_checked(because: &'static str) -> Answer {
    Answer::NotChecked { because: Cow::Borrowed(because) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;
    use tokio::time::{Instant, sleep};

    use super::*;

    /// Says so after a while.
    #[derive(Debug)]
    struct After(Duration, Answer);

    #[async_trait]
    impl RevocationChecker for After {
        async fn check(&self, _: &Certificate) -> Answer {
            sleep(self.0).await;
            self.1.clone()
        }
    }

    /// Breaks down.
    #[derive(Debug)]
    struct Broken;

    #[async_trait]
    impl RevocationChecker for Broken {
        #[expect(clippy::panic, reason = "what an institution wrote may")]
        async fn check(&self, _: &Certificate) -> Answer {
            panic!("broken")
        }
    }

    const PATIENCE: Duration = Duration::from_secs(1);
    const LATE: Duration = Duration::from_secs(3);

    struct Asked {
        revocation: Revocation,
        certificate: Certificate,
        _folder: TempDir,
    }

    impl Asked {
        async fn of(checker: impl RevocationChecker + 'static, accepted: &[Unchecked]) -> Self {
            let (portal, folder) = Portal::in_new_folder().await;
            let certificates = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../vectors/certificates/user-authentication.der");
            let certificate =
                Certificate::user_authentication(&fs::read(certificates).unwrap()).unwrap();
            let checker = Arc::new(checker);
            let accepted = accepted.to_vec();
            let revocation = Revocation { checker, patience: PATIENCE, accepted, portal };
            Self { revocation, certificate, _folder: folder }
        }

        async fn answer(&self) -> Result<Answer, &'static str> {
            let answer = self.revocation.ask(&self.certificate, "somebody".to_owned()).await;
            answer.map_err(|failure| failure.code())
        }
    }

    #[tokio::test]
    async fn no_answer_in_time_is_no_answer_and_accepted_by_name_only() {
        let late = || After(LATE, Answer::Good);
        for accepted in [&[][..], &[Unchecked::NobodyAsked]] {
            let asked = Asked::of(late(), accepted).await;
            let began = Instant::now();
            assert_eq!(asked.answer().await, Err("revocation-not-checked"));
            assert!(began.elapsed() < LATE);
        }
        let asked = Asked::of(late(), &[Unchecked::NoAnswer]).await;
        let answer = asked.answer().await;
        assert!(matches!(answer, Ok(Answer::NotChecked { .. })), "{answer:?}");
    }

    #[tokio::test]
    async fn whoever_has_nobody_to_ask_says_so_by_another_name() {
        let asked = Asked::of(NobodyAsked, &[Unchecked::NobodyAsked]).await;
        assert!(matches!(asked.answer().await, Ok(Answer::NotChecked { .. })));
        let asked = Asked::of(NobodyAsked, &[Unchecked::NoAnswer]).await;
        assert_eq!(asked.answer().await, Err("revocation-not-checked"));
    }

    #[tokio::test]
    async fn a_checker_that_breaks_down_or_does_not_know_has_not_answered() {
        let asked = Asked::of(Broken, &[Unchecked::NobodyAsked]).await;
        assert_eq!(asked.answer().await, Err("revocation-not-checked"));
        let unknowing = After(Duration::ZERO, not_checked("out of reach"));
        let asked = Asked::of(unknowing, &[]).await;
        assert_eq!(asked.answer().await, Err("revocation-not-checked"));
    }

    #[tokio::test]
    async fn what_is_said_too_late_still_takes_the_holder_off_the_lists() {
        let asked = Asked::of(After(LATE, Answer::Revoked), &[Unchecked::NoAnswer]).await;
        let portal = &asked.revocation.portal;
        let event = portal.event_with_listed_ticket("somebody").await;
        assert!(matches!(asked.answer().await, Ok(Answer::NotChecked { .. })));
        assert_eq!(portal.gate_list(&event).await.unwrap().tickets.len(), 1);
        sleep(2 * LATE).await;
        assert_eq!(portal.gate_list(&event).await.unwrap().tickets.len(), 0);
        let suspended = Asked {
            revocation: Revocation {
                checker: Arc::new(After(Duration::ZERO, Answer::Good)),
                patience: PATIENCE,
                accepted: Vec::new(),
                portal: portal.clone(),
            },
            ..asked
        };
        assert_eq!(suspended.answer().await, Ok(Answer::Good));
        assert_eq!(suspended.revocation.portal.gate_list(&event).await.unwrap().tickets.len(), 1);
    }
}
