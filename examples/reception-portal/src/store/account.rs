//! Accounts of staff.

use std::time::SystemTime;

use kazashi_server::{SessionId, StoreError};
use serde::Serialize;
use sqlx::Executor;
use sqlx::any::AnyRow;

use super::audit::{self, Action};
use super::{Portal, millis, next, number, text, time, unreadable};
use crate::account_name;
use crate::calendar::as_rfc_3339;
use crate::permission::Role;

/// Somebody who may sign in.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) role: Role,
    #[serde(serialize_with = "as_rfc_3339")]
    created_at: SystemTime,
}

/// In place of a hash, where the provider of OpenID Connect says who somebody is: no password has it.
pub(crate) const BY_PROVIDER: &str = "openid-connect";

/// What came of removing an account.
pub(crate) enum Removal {
    Removed,
    NoSuchAccount,
    LastAdministrator,
}

impl Account {
    /// Nothing, if [nobody can be called so](account_name::prepare).
    pub(crate) fn new(name: &str, role: Role, now: SystemTime) -> Option<Self> {
        Some(Self { name: account_name::prepare(name)?, role, created_at: now })
    }

    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            name: text(row, "name")?,
            role: read_role(row)?,
            created_at: time(row, "created_at")?,
        })
    }
}

/// The role in a row.
pub(super) fn read_role(row: &AnyRow) -> Result<Role, StoreError> {
    let stored = text(row, "role")?;
    let found = Role::ALL.into_iter().find(|role| role.as_str() == stored);
    found.ok_or_else(|| unreadable("a role"))
}

impl Portal {
    /// All accounts, by name.
    pub(crate) async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let query = "SELECT name, role, created_at FROM portal_account ORDER BY name";
        self.0.pool().fetch_all(query).await?.iter().map(Account::read).collect()
    }

    /// The account that somebody means who types this name, and the hash of its password.
    pub(crate) async fn account_called(
        &self,
        typed: &str,
    ) -> Result<Option<(String, String)>, StoreError> {
        let query = "SELECT name, password FROM portal_account ORDER BY name";
        let rows = self.0.pool().fetch_all(query).await?;
        let account = |row| Ok((text(row, "name")?, text(row, "password")?));
        let accounts = rows.iter().map(account).collect::<Result<Vec<_>, StoreError>>()?;
        // Older accounts may have names that differ in nothing but how they are written.
        let exactly = accounts.iter().find(|(name, _)| name == typed);
        let folded = account_name::fold(typed);
        let otherwise = || accounts.iter().find(|(name, _)| account_name::fold(name) == folded);
        Ok(exactly.or_else(otherwise).cloned())
    }

    /// The hash of an account's code, or where it has none, of its password.
    pub(crate) async fn code_hash(&self, name: &str) -> Result<Option<String>, StoreError> {
        let query = "SELECT COALESCE(code, password) AS hash FROM portal_account WHERE name = $1";
        let found = sqlx::query(query).bind(name).fetch_optional(self.0.pool()).await?;
        found.map(|row| text(&row, "hash")).transpose()
    }

    /// Gives an account a code.
    pub(crate) async fn set_code(
        &self,
        name: &str,
        hash: &str,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let mut changes = self.0.begin().await?;
        let update = "UPDATE portal_account SET code = $1 WHERE name = $2";
        sqlx::query(update).bind(hash).bind(name).execute(&mut *changes).await?;
        audit::add(&mut changes, name, Action::CodeChanged, None, now).await?;
        Ok(changes.commit().await?)
    }

    /// Whether the account was added: not if there is one whose name looks like this one. `by` is the
    /// account that asks; nobody's, at the command line.
    pub(crate) async fn add_account(
        &self,
        account: &Account,
        hash: &str,
        by: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut changes = self.0.begin().await?;
        // One at a time: what is not there stays so until this one is.
        next(&mut changes, "account").await?;
        let names = sqlx::query("SELECT name FROM portal_account").fetch_all(&mut *changes).await?;
        let look = account_name::look(&account.name);
        for row in &names {
            if account_name::look(&text(row, "name")?) == look {
                return Ok(false);
            }
        }
        sqlx::query(
            "INSERT INTO portal_account (name, role, password, created_at) \
             VALUES ($1, $2, $3, $4)",
        )
        .bind(&account.name)
        .bind(account.role.as_str())
        .bind(hash)
        .bind(millis(account.created_at))
        .execute(&mut *changes)
        .await?;
        let (by, name) = (by.unwrap_or(audit::COMMAND_LINE), Some(account.name.as_str()));
        audit::add(&mut changes, by, Action::AccountAdded, name, account.created_at).await?;
        changes.commit().await?;
        Ok(true)
    }

    /// Whether somebody whom the provider knows has this account, with the role that the provider
    /// gives them: not if the name is that of an account with a password.
    pub(crate) async fn keep_account_by_provider(
        &self,
        account: &Account,
    ) -> Result<bool, StoreError> {
        if self.add_account(account, BY_PROVIDER, Some(&account.name)).await? {
            return Ok(true);
        }
        let update = "UPDATE portal_account SET role = $1 WHERE name = $2 AND password = $3";
        let update = sqlx::query(update).bind(account.role.as_str()).bind(&account.name);
        let kept = update.bind(BY_PROVIDER).execute(self.0.pool()).await?;
        Ok(kept.rows_affected() == 1)
    }

    /// Whether there was such an account with a password. Its sessions are over, but for one that may be
    /// `kept`; and it has no code any more.
    pub(crate) async fn change_password(
        &self,
        name: &str,
        hash: &str,
        by: &str,
        kept: Option<&SessionId>,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut changes = self.0.begin().await?;
        let update = "UPDATE portal_account SET password = $1, code = NULL \
                      WHERE name = $2 AND password <> $3";
        let updated = sqlx::query(update).bind(hash).bind(name).bind(BY_PROVIDER);
        let updated = updated.execute(&mut *changes).await?;
        if updated.rows_affected() == 0 {
            return Ok(false);
        }
        let end = "DELETE FROM portal_session WHERE account = $1 AND digest <> $2";
        let kept = kept.map(SessionId::digest).unwrap_or_default();
        sqlx::query(end).bind(name).bind(kept).execute(&mut *changes).await?;
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
        if read_role(&row)? == Role::Administrator {
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
