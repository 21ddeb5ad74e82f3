//! What is kept, and for how long. The sweeper goes by this table, and the screen shows it.

use std::time::{Duration, SystemTime};

use clap::Args;
use kazashi_server::StoreError;
use serde::Serialize;

use crate::app::App;
use crate::store::{check, event};

/// For how long things are kept of which that is the institution's decision.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct KeepOptions {
    /// Delete the visits of days longer ago than this, each day after midnight. Without, they stay
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    keep_visits: Option<u16>,
    /// Delete an event, its tickets and its entries so many days after its day
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..))]
    keep_events: u16,
    /// Forget a card that is known again so many days after the end of its certificate
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    keep_enrolments: u16,
    /// Delete the note that somebody was forgotten, which does not say who, after so many days
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    keep_deletions: u16,
    /// For how many hours a visit is taken that a desk could not send when it was made; 0 takes none
    #[arg(long, value_name = "HOURS", default_value_t = 12, value_parser = clap::value_parser!(u8).range(0..=48))]
    pub(crate) late_hours: u8,
}

/// One kind of thing that is kept.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Kept {
    what: What,
    limit: Limit,
}

/// What is kept; the page has words for each, with what it is kept for and from when its time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Visits,
    Attributes,
    Enrolments,
    ComparedCards,
    Tickets,
    Entries,
    Suspensions,
    Deletions,
    Forgotten,
    Told,
    Record,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Limit {
    /// Until the visitor has it deleted, or somebody ends it.
    UntilEnded,
    /// So many days of the institution.
    Days(u16),
    Seconds(u64),
}

impl KeepOptions {
    /// For how long what was made at a desk is taken late.
    pub(crate) fn late(self) -> Duration {
        Duration::from_hours(self.late_hours.into())
    }

    /// The table.
    pub(crate) fn table(self) -> [Kept; 11] {
        let visits = self.keep_visits.map_or(Limit::UntilEnded, Limit::Days);
        [
            (What::Visits, visits),
            // What a visitor agreed to goes with their last visit.
            (What::Attributes, visits),
            (What::Enrolments, Limit::Days(self.keep_enrolments)),
            // A visit after the check may come late.
            (What::ComparedCards, Limit::Seconds(self.late().max(check::GOOD_FOR).as_secs())),
            (What::Tickets, Limit::Days(self.keep_events)),
            // They go with the event, too.
            (What::Entries, Limit::Days(self.keep_events)),
            (What::Suspensions, Limit::UntilEnded),
            (What::Deletions, Limit::Days(self.keep_deletions)),
            (What::Forgotten, Limit::Seconds(self.late().as_secs())),
            (What::Told, Limit::Seconds(event::KEPT.as_secs())),
            (What::Record, Limit::UntilEnded),
        ]
        .map(|(what, limit)| Kept { what, limit })
    }
}

/// Deletes what was kept for long enough: what is kept for days, on a new day.
pub(crate) async fn sweep(app: &App, now: SystemTime, is_new_day: bool) -> Result<(), StoreError> {
    for Kept { what, limit } in app.keep.table() {
        match limit {
            Limit::Seconds(seconds) => {
                sweep_before(app, what, now - Duration::from_secs(seconds)).await?;
            }
            Limit::Days(days) if is_new_day => sweep_days(app, what, days, now).await?,
            Limit::Days(_) | Limit::UntilEnded => {}
        }
    }
    Ok(())
}

async fn sweep_before(app: &App, what: What, before: SystemTime) -> Result<(), StoreError> {
    match what {
        What::ComparedCards => app.portal.forget_cards_compared_before(before).await,
        What::Forgotten => app.portal.forget_forgotten_before(before).await,
        What::Told => app.portal.delete_told_before(before).await,
        _ => Ok(()),
    }
}

async fn sweep_days(app: &App, what: What, days: u16, now: SystemTime) -> Result<(), StoreError> {
    // Before there were days, nothing was kept.
    let Some(first_kept) = app.calendar.day_before(now, days) else { return Ok(()) };
    let portal = &app.portal;
    match what {
        What::Visits => portal.delete_visits_before(&first_kept, now).await,
        What::Enrolments => portal.delete_enrolments_ended_before(first_kept.begin, now).await,
        What::Tickets => portal.delete_gate_events_before(&first_kept, now).await,
        What::Deletions => portal.delete_deletions_before(first_kept.begin).await,
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;
    use serde_json::json;

    use super::KeepOptions;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        keep: KeepOptions,
    }

    #[test]
    fn the_page_has_words_for_all_that_is_kept_and_the_readme_names_each_option() {
        let file = |name: &str| {
            fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        let keep = Options::parse_from(["portal"]).keep;
        let words = file("page/src/words/kept.ts");
        for kept in keep.table() {
            let what = json!(kept.what);
            let what = what.as_str().unwrap();
            let is_worded = [format!("\n  {what}: {{"), format!("\n  \"{what}\": {{")];
            assert!(is_worded.iter().any(|it| words.contains(it)), "{what}");
        }
        for readme in ["README.md", "README.ja.md"] {
            let readme = file(readme);
            for option in ["visits", "events", "enrolments", "deletions"] {
                assert!(readme.contains(&format!("--keep-{option}")), "{option}");
            }
        }
    }
}
