//! Who did what, for administrators. That it was asked for is on record, too.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::board::{day_or_today, saved_as};
use crate::app::App;
use crate::caller::Administrator;
use crate::failure::Failure;
use crate::spreadsheet;
use crate::store::audit::{Action, COLUMNS, Wanted};

/// Which lines: of a day, today's if none is given; of all accounts and actions, if none are named.
#[derive(Deserialize)]
pub(super) struct RecordQuery {
    day: Option<String>,
    #[serde(default)]
    account: String,
    #[serde(default)]
    action: String,
    /// The line that the last answer ended with.
    #[serde(default)]
    after: i64,
}

impl RecordQuery {
    fn wanted(&self, app: &App) -> Result<(String, Wanted<'_>), Failure> {
        let day = day_or_today(app, self.day.clone())?;
        let span = app.calendar.span(&day).ok_or(Failure::INVALID)?;
        let (account, action) = (self.account.trim(), self.action.as_str());
        Ok((day, Wanted { span, account, action, after: self.after }))
    }
}

/// The lines in their order, and whether there are more.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Query(query): Query<RecordQuery>,
) -> Result<Response, Failure> {
    let (day, wanted) = query.wanted(&app)?;
    let (entries, is_more) = app.portal.audit_trail(&wanted).await?;
    let now = app.portal.now();
    app.portal.audit(&staff.account, Action::AuditRead, Some(&day), now).await?;
    Ok(Json(json!({ "entries": entries, "more": is_more })).into_response())
}

/// All of those lines, for a spreadsheet.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Query(query): Query<RecordQuery>,
) -> Result<Response, Failure> {
    let (day, mut wanted) = query.wanted(&app)?;
    let now = app.portal.now();
    app.portal.audit(&staff.account, Action::AuditExported, Some(&day), now).await?;
    let mut rows = Vec::new();
    loop {
        let (entries, is_more) = app.portal.audit_trail(&wanted).await?;
        wanted.after = entries.last().map_or(wanted.after, |entry| entry.line);
        rows.extend(entries.into_iter().map(|entry| entry.row(&app.calendar)));
        if !is_more {
            break;
        }
    }
    let file = spreadsheet::file(COLUMNS, rows.into_iter());
    Ok(saved_as(&format!("record-{day}.csv"), file))
}
