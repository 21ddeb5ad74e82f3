//! The dialog in which the person at the machine decides about a website: the program that asks for PINs,
//! asked for a yes, a no, or neither.

use std::path::PathBuf;
use std::time::Duration;

use crate::pin::assuan::{self, Assuan, AssuanError};
use crate::pin::program::{Program, Unable};
use crate::pin::site_words::Proposal;
use crate::pin::words::Language;

/// How long a question stays open. Whoever went away decides another time.
const TIME_TO_ANSWER: Duration = Duration::from_secs(300);

/// One question after another, in one conversation with the program.
#[derive(Debug)]
pub(crate) struct SiteDialog {
    program: Program,
    pinentry: Assuan,
}

/// What the person said about a website.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allow,
    Refuse,
    Later,
}

impl SiteDialog {
    /// Starts the program, in the language of the environment. Shows nothing yet.
    pub(crate) async fn start(program: PathBuf) -> Result<Self, Unable> {
        let program = Program::new(program, Language::of_system(), TIME_TO_ANSWER);
        let pinentry = program.start().await?;
        Ok(Self { program, pinentry })
    }

    /// Asks about a website. None if nobody answered in time.
    pub(crate) async fn decide(
        &mut self,
        proposal: &Proposal<'_>,
    ) -> Result<Option<Decision>, AssuanError> {
        let language = self.program.language;
        self.pinentry.request("SETOK", language.allow()).await?;
        self.pinentry.request("SETNOTOK", language.refuse()).await?;
        self.pinentry.request("SETCANCEL", language.later()).await?;
        self.pinentry.request("SETDESC", &language.proposal(proposal)).await?;
        match self.question("CONFIRM").await {
            Ok(()) => Ok(Some(Decision::Allow)),
            Err(AssuanError::Refused(assuan::NOT_CONFIRMED)) => Ok(Some(Decision::Refuse)),
            Err(AssuanError::Refused(assuan::CANCELED)) => Ok(Some(Decision::Later)),
            Err(AssuanError::Refused(assuan::TIMEOUT) | AssuanError::Silent) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Says that there is nothing to decide.
    pub(crate) async fn tell_nothing(&mut self) -> Result<(), AssuanError> {
        self.tell(self.program.language.nothing_to_decide()).await
    }

    /// Says why something that was decided does not hold, or why nothing can be decided.
    pub(crate) async fn tell_failure(&mut self, why: &str) -> Result<(), AssuanError> {
        self.tell(&self.program.language.not_decided(why)).await
    }

    pub(crate) async fn end(self) {
        self.pinentry.end().await;
    }

    async fn tell(&mut self, text: &str) -> Result<(), AssuanError> {
        self.pinentry.request("SETOK", "OK").await?;
        self.pinentry.request("SETDESC", text).await?;
        match self.question("MESSAGE").await {
            // However it was closed, it was there to be read.
            Err(AssuanError::Refused(_) | AssuanError::Silent) => Ok(()),
            told => told,
        }
    }

    async fn question(&mut self, command: &str) -> Result<(), AssuanError> {
        self.pinentry.request_within(self.program.patience(), command, "").await.map(drop)
    }
}
