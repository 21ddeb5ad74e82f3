//! Passwords of accounts: Argon2id (RFC 9106), off the threads that answer requests, and few at once.

use std::sync::{LazyLock, Mutex, PoisonError};

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{Error, Output, ParamsString, PasswordHash, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use typed::UnsuitablePassword;

pub(crate) mod typed;

/// Each takes 19 MB. More at once would be no faster, and strangers can ask for as many as they like.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// That memory, which is used again: an allocator may keep what it is given back, for every thread.
static MEMORY: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// What a password is compared with where there is no account: it takes as long, and never matches.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    let salt = SaltString::generate(&mut OsRng);
    compute(salt.as_str(), &salt).expect("a hash of a short text")
});

/// What is stored of a password, if it is [suitable](typed::suitable) for an account among these names.
pub(crate) async fn hash(password: &str, names: &[&str]) -> Result<String, UnsuitablePassword> {
    Ok(hashed(typed::suitable(password, names)?).await)
}

/// What is stored of a code: six to eight digits that are not all alike. Fails if it is something else.
pub(crate) async fn hash_code(code: &str) -> Option<String> {
    let is_code = (6..=8).contains(&code.len()) && code.bytes().all(|digit| digit.is_ascii_digit());
    let is_varied = code.bytes().any(|digit| !code.starts_with(char::from(digit)));
    match is_code && is_varied {
        true => Some(hashed(Zeroizing::new(code.to_owned())).await),
        false => None,
    }
}

async fn hashed(text: Zeroizing<String>) -> String {
    let hashed = alone(move || compute(&text, &SaltString::generate(&mut OsRng)));
    hashed.await.expect("a hash of a short text")
}

/// Whether it is the password of the account with this hash. Takes as long where there is none.
pub(crate) async fn is_right(password: &str, hash: Option<&str>) -> bool {
    let typed = Zeroizing::new(password.to_owned());
    // Those of before were kept as they were typed.
    let mut passwords = vec![typed::normalized(password), typed];
    passwords.dedup();
    let hash = hash.map(str::to_owned);
    alone(move || {
        let expected = hash.as_deref().unwrap_or(&NOBODYS);
        let is_right =
            |password: &Zeroizing<String>| matches(password, expected).is_ok_and(|is_same| is_same);
        passwords.iter().any(is_right) && hash.is_some()
    })
    .await
}

/// Works on a thread of its own, when it is its turn; to the end, also where nobody waits any more.
async fn alone<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let turn = AT_ONCE.acquire().await.expect("it is never closed");
    let worked = spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    worked.await.expect("hashing does not panic")
}

fn compute(password: &str, salt: &SaltString) -> Result<String, Error> {
    let params = Params::default();
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(salt.as_salt()),
        hash: Some(output(password, salt.as_salt(), params)?),
    };
    Ok(hash.to_string())
}

fn matches(password: &str, expected: &str) -> Result<bool, Error> {
    let expected = PasswordHash::new(expected)?;
    let salt = expected.salt.ok_or(Error::Password)?;
    // The comparison takes as long wherever they differ.
    Ok(expected.hash == Some(output(password, salt, Params::try_from(&expected)?)?))
}

fn output(password: &str, salt: Salt<'_>, params: Params) -> Result<Output, Error> {
    let mut salt_bytes = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut salt_bytes)?;
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let kept = || MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let mut memory = kept().pop().unwrap_or_default();
    memory.resize(params.block_count(), Block::new());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let output = Output::init_with(length, |output| {
        Ok(argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, &mut memory)?)
    });
    // Nothing of the password stays.
    memory.fill(Block::new());
    kept().push(memory);
    output
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher;

    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_by_hashes_of_before() {
        let hashed = hash("correct horse", &[]).await.expect("a hash");
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(is_right("correct horse", Some(&hashed)).await);
        // As `Argon2::default()` wrote it.
        let salt = SaltString::generate(&mut OsRng);
        let before = Argon2::default().hash_password(b"correct horse", &salt).expect("a hash");
        let before = before.to_string();
        assert!(is_right("correct horse", Some(&before)).await);
        for hash in [Some(hashed.as_str()), Some(&before), Some("no hash"), Some(""), None] {
            assert!(!is_right("wrong horse", hash).await);
        }
    }

    #[tokio::test]
    async fn a_hash_of_before_knows_the_password_as_it_was_typed() {
        let before = compute("ｐａｓｓ　１２３４", &SaltString::generate(&mut OsRng)).unwrap();
        assert!(is_right("ｐａｓｓ　１２３４", Some(&before)).await);
        assert!(!is_right("ｐａｓｓ　１２３５", Some(&before)).await);
        let now = hash("ｐａｓｓ　１２３４", &[]).await.unwrap();
        assert!(is_right("pass 1234", Some(&now)).await);
        assert!(is_right("ｐａｓｓ　１２３４", Some(&now)).await);
        assert!(!is_right("ｐａｓｓ　１２３４", None).await);
    }
}
