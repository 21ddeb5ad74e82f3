//! Accounts of staff.

use std::time::SystemTime;

use clap::ValueEnum;
use kazashi_server::StoreError;
use serde::{Deserialize, Serialize, Serializer};
use sqlx::Executor;
use sqlx::any::AnyRow;

use super::audit::{self, Action};
use super::{Portal, millis, next, number, text, time, unreadable};
use crate::calendar::rfc_3339;

/// Somebody who may sign in.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) role: Role,
    #[serde(serialize_with = "as_rfc_3339")]
    created_at: SystemTime,
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Receives visitors.
    Staff,
    /// And sees to accounts, events and the audit trail.
    Administrator,
}

/// What came of removing an account.
pub(crate) enum Removal {
    Removed,
    NoSuchAccount,
    LastAdministrator,
}

impl Account {
    /// Nothing, if the name is empty, longer than 64 characters, or has spaces or controls at its
    /// ends or in it that nobody would see.
    pub(crate) fn new(name: &str, role: Role, now: SystemTime) -> Option<Self> {
        let is_seen = name.trim() == name && !name.chars().any(char::is_control);
        let length = name.chars().count();
        ((1..=64).contains(&length) && is_seen).then(|| Self {
            name: name.to_owned(),
            role,
            created_at: now,
        })
    }

    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            name: text(row, "name")?,
            role: Role::read(&text(row, "role")?)?,
            created_at: time(row, "created_at")?,
        })
    }
}

impl Role {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Administrator => "administrator",
        }
    }

    pub(super) fn read(text: &str) -> Result<Self, StoreError> {
        let roles = [Self::Staff, Self::Administrator];
        let found = roles.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| unreadable("a role"))
    }
}

impl Portal {
    /// All accounts, by name.
    pub(crate) async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let query = "SELECT name, role, created_at FROM portal_account ORDER BY name";
        self.0.pool().fetch_all(query).await?.iter().map(Account::read).collect()
    }

    /// The hash of an account's password.
    pub(crate) async fn password_hash(&self, name: &str) -> Result<Option<String>, StoreError> {
        let query = sqlx::query("SELECT password FROM portal_account WHERE name = $1").bind(name);
        let found = query.fetch_optional(self.0.pool()).await?;
        found.map(|row| text(&row, "password")).transpose()
    }

    /// Whether the account was added: not if there is one of this name. `by` is the account that
    /// asks; nobody's, at the command line.
    pub(crate) async fn add_account(
        &self,
        account: &Account,
        hash: &str,
        by: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut changes = self.0.begin().await?;
        let added = sqlx::query(
            "INSERT INTO portal_account (name, role, password, created_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
        )
        .bind(&account.name)
        .bind(account.role.as_str())
        .bind(hash)
        .bind(millis(account.created_at))
        .execute(&mut *changes)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(false);
        }
        let (by, name) = (by.unwrap_or(audit::COMMAND_LINE), Some(account.name.as_str()));
        audit::add(&mut changes, by, Action::AccountAdded, name, account.created_at).await?;
        changes.commit().await?;
        Ok(true)
    }

    /// Whether there was such an account. Its sessions are over.
    pub(crate) async fn change_password(
        &self,
        name: &str,
        hash: &str,
        by: &str,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut changes = self.0.begin().await?;
        let update = "UPDATE portal_account SET password = $1 WHERE name = $2";
        let updated = sqlx::query(update).bind(hash).bind(name).execute(&mut *changes).await?;
        if updated.rows_affected() == 0 {
            return Ok(false);
        }
        let end = "DELETE FROM portal_session WHERE account = $1";
        sqlx::query(end).bind(name).execute(&mut *changes).await?;
        audit::add(&mut changes, by, Action::PasswordChanged, Some(name), now).await?;
        changes.commit().await?;
        Ok(true)
    }

    /// Removes an account, and ends its sessions; but never the last administrator.
    pub(crate) async fn remove_account(
        &self,
        name: &str,
        by: &str,
        now: SystemTime,
    ) -> Result<Removal, StoreError> {
        let mut changes = self.0.begin().await?;
        // One at a time: two administrators may remove each other.
        next(&mut changes, "account-removal").await?;
        let query = "SELECT role FROM portal_account WHERE name = $1";
        let found = sqlx::query(query).bind(name).fetch_optional(&mut *changes).await?;
        let Some(row) = found else { return Ok(Removal::NoSuchAccount) };
        if Role::read(&text(&row, "role")?)? == Role::Administrator {
            let query = "SELECT COUNT(*) AS others FROM portal_account \
                         WHERE role = 'administrator' AND name <> $1";
            let row = sqlx::query(query).bind(name).fetch_one(&mut *changes).await?;
            if number(&row, "others")? == 0 {
                return Ok(Removal::LastAdministrator);
            }
        }
        for delete in [
            "DELETE FROM portal_account WHERE name = $1",
            "DELETE FROM portal_session WHERE account = $1",
        ] {
            sqlx::query(delete).bind(name).execute(&mut *changes).await?;
        }
        audit::add(&mut changes, by, Action::AccountRemoved, Some(name), now).await?;
        changes.commit().await?;
        Ok(Removal::Removed)
    }
}

fn as_rfc_3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc_3339(*time))
}
