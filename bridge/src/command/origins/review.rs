//! `kazashi-bridge origins review`: the websites that asked in vain, one after another, in the dialog that
//! asks for PINs.

use std::error::Error;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use kazashi_core::value::{Scope, Scopes};
use thiserror::Error;
use tokio::runtime;

use super::{Refusal, decide, undecided};
use crate::access::{Grant, Origin, now_written};
use crate::command::options::FileOptions;
use crate::pin::{Decision, Proposal, SiteDialog, Unable};

/// What a website is offered that did not say what it wants: the least with which people can sign in.
const LEAST: [Scope; 2] = [Scope::Events, Scope::Authenticate];

/// Nobody can be asked.
#[derive(Debug, Error)]
#[error(
    "{} cannot show a dialog: {why}; kazashi-bridge origins allow needs none",
    program.display()
)]
struct NoDialog {
    program: PathBuf,
    why: Unable,
}

pub(super) fn review(options: &FileOptions) -> Result<(), Box<dyn Error>> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let program = options.files()?.read().config.pinentry;
        let started = SiteDialog::start(program.clone()).await;
        let mut dialog = started.map_err(|why| NoDialog { program, why })?;
        let reviewed = ask_about_each(options, &mut dialog).await;
        if let Err(error) = &reviewed {
            // Whoever began this from a menu sees nothing else. The rest of a mistake is for its author.
            let error = error.to_string();
            let _ = dialog.tell_failure(error.lines().next().unwrap_or_default()).await;
        }
        dialog.end().await;
        reviewed
    })
}

async fn ask_about_each(
    options: &FileOptions,
    dialog: &mut SiteDialog,
) -> Result<(), Box<dyn Error>> {
    options.files()?.config.load(options.dev).map_err(Refusal::Config)?;
    let mut undecided = undecided(options)?;
    // In developer mode the bridge let others ask, too.
    undecided.retain(|(origin, _)| Origin::parse(origin.as_str(), options.dev).is_ok());
    if undecided.is_empty() {
        return Ok(dialog.tell_nothing().await?);
    }
    let last_day = Zoned::now().date().checked_add(1.year())?;
    for (origin, asked) in undecided {
        let wish = offered(&asked.wants);
        let is_its_wish = !wish.is_empty();
        let scopes = if is_its_wish { wish } else { Scopes::from_iter(LEAST) };
        let proposal = Proposal {
            origin: &origin,
            times: asked.times,
            last: asked.last.to_zoned(TimeZone::system()),
            scopes: &scopes,
            is_its_wish,
            until: last_day,
        };
        let (scopes, until) = match dialog.decide(&proposal).await? {
            Some(Decision::Allow) => (scopes, Some(last_day.to_string().parse()?)),
            Some(Decision::Refuse) => (Scopes::default(), None),
            Some(Decision::Later) => continue,
            None => break,
        };
        decide(Grant { origin, scopes, until, reason: None, approved_at: now_written() }, options)?;
    }
    Ok(())
}

/// What of this a person is asked to allow: commands beyond the table are for developers, who type.
fn offered(wants: &Scopes) -> Scopes {
    wants.iter().filter(|scope| *scope != Scope::RawApdu).collect()
}
