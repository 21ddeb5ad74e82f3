//! Passwords of accounts: Argon2id (RFC 9106), off the threads that answer requests, and few at once.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{Error, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use thiserror::Error as ThisError;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Each takes 19 MB while it runs.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// What a password is compared with where there is no account: it takes as long, and never matches.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    let salt = SaltString::generate(&mut OsRng);
    compute(salt.as_str(), &salt).expect("a hash of a short text")
});

#[derive(Debug, ThisError)]
#[error("a password has {} to {} characters", Self::SHORTEST, Self::LONGEST)]
pub(crate) struct UnsuitablePassword;

impl UnsuitablePassword {
    const SHORTEST: usize = 8;
    const LONGEST: usize = 256;
}

/// What is stored of a password. Fails if it is too short, or longer than anybody types.
pub(crate) async fn hash(password: &str) -> Result<String, UnsuitablePassword> {
    let lengths = UnsuitablePassword::SHORTEST..=UnsuitablePassword::LONGEST;
    if !lengths.contains(&password.chars().count()) {
        return Err(UnsuitablePassword);
    }
    let password = password.to_owned();
    let _permit = AT_ONCE.acquire().await;
    let hashed = spawn_blocking(move || compute(&password, &SaltString::generate(&mut OsRng)));
    Ok(hashed.await.expect("hashing does not panic").expect("a hash of a short text"))
}

/// Whether it is the password of the account with this hash. Takes as long where there is none.
pub(crate) async fn is_right(password: &str, hash: Option<&str>) -> bool {
    let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
    let _permit = AT_ONCE.acquire().await;
    let compared = spawn_blocking(move || {
        let expected = hash.as_deref().unwrap_or(&NOBODYS);
        let is_same = PasswordHash::new(expected).is_ok_and(|expected| {
            Argon2::default().verify_password(password.as_bytes(), &expected).is_ok()
        });
        is_same && hash.is_some()
    });
    compared.await.expect("hashing does not panic")
}

fn compute(password: &str, salt: &SaltString) -> Result<String, Error> {
    Ok(Argon2::default().hash_password(password.as_bytes(), salt)?.to_string())
}
