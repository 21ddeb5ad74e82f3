use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

use crate::{SignerError, TerminalSigner};

/// Place of the institution's key, in a token of PKCS#11.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a configuration, of which no part can be left out")]
pub struct Pkcs11Key {
    /// The module: the shared library of the HSM's maker.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// The private key's label (`CKA_LABEL`), which no other key on the token has.
    pub key: String,
    /// The place of the token's PIN.
    pub pin: Pkcs11Pin,
}

/// Place from which the PIN of a token is read, each time that a session is opened; it is kept
/// nowhere.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Pkcs11Pin {
    /// A file that holds it, perhaps with an end of line.
    File(PathBuf),
    /// An environment variable of this name.
    Environment(String),
}

/// A key in an HSM, which signs with it (`CKM_SHA256_RSA_PKCS`) and does not hand it out.
///
/// One session is kept open. When it was lost, another is opened, once per signature; a PIN that the
/// token refuses is never presented again, as that would block the token.
#[derive(Debug)]
pub struct Pkcs11Signer {
    place: Pkcs11Key,
    module: Pkcs11,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Open(Session, ObjectHandle),
    Closed,
    PinRefused,
}

impl Pkcs11Signer {
    /// Loads the module, logs in and finds the key. This blocks; do it once, at start.
    pub fn open(place: Pkcs11Key) -> Result<Self, SignerError> {
        let module = Pkcs11::new(&place.module)
            .map_err(|error| SignerError::ModuleUnusable { because: error.to_string() })?;
        let (session, key) = open_session(&module, &place)?;
        Ok(Self { place, module, state: Mutex::new(State::Open(session, key)) })
    }
}

impl TerminalSigner for Pkcs11Signer {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        self.with_key(|session, key| session.sign(&Mechanism::Sha256RsaPkcs, key, message))
    }

    fn modulus(&self) -> Result<Vec<u8>, SignerError> {
        let wanted = [AttributeType::Modulus];
        let attributes = self.with_key(|session, key| session.get_attributes(key, &wanted))?;
        let Some(Attribute::Modulus(bytes)) = attributes.into_iter().next() else {
            return Err(SignerError::NotFound { what: "modulus of the key" });
        };
        Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
    }

    fn check(&self) -> Result<(), SignerError> {
        self.with_key(|session, key| session.get_attributes(key, &[AttributeType::Label])).map(drop)
    }
}

impl Pkcs11Signer {
    /// Uses the key in the session that is open; if that was lost, in another.
    fn with_key<T>(
        &self,
        work: impl Fn(&Session, ObjectHandle) -> Result<T, Error>,
    ) -> Result<T, SignerError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(session, key) = &*state
            && let Ok(done) = work(session, *key)
        {
            return Ok(done);
        }
        if matches!(*state, State::PinRefused) {
            return Err(SignerError::PinRefused);
        }
        // The session is lost: closed by the token, or never opened again after that.
        *state = State::Closed;
        let (session, key) = match open_session(&self.module, &self.place) {
            Ok(opened) => opened,
            Err(error) => {
                if matches!(error, SignerError::PinRefused) {
                    *state = State::PinRefused;
                }
                return Err(error);
            }
        };
        let done = work(&session, key).map_err(failed)?;
        *state = State::Open(session, key);
        Ok(done)
    }
}

fn open_session(
    module: &Pkcs11,
    place: &Pkcs11Key,
) -> Result<(Session, ObjectHandle), SignerError> {
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Before, or by another part of the program: it is one module for all.
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(failed(error)),
    }
    let mut slots = module.get_slots_with_token().map_err(failed)?;
    slots.retain(|slot| module.get_token_info(*slot).is_ok_and(|it| it.label() == place.token));
    let &[slot] = slots.as_slice() else {
        return Err(SignerError::NotFound { what: "token" });
    };
    let session = module.open_ro_session(slot).map_err(failed)?;
    match session.login(UserType::User, Some(&place.pin.read()?)) {
        // By another session of this program: who is logged in is so in all of them.
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
        Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinLocked, _)) => {
            return Err(SignerError::PinRefused);
        }
        Err(error) => return Err(failed(error)),
    }
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Label(place.key.as_bytes().to_vec()),
    ];
    match session.find_objects(&template).map_err(failed)?.as_slice() {
        [key] => Ok((session, *key)),
        _ => Err(SignerError::NotFound { what: "private key" }),
    }
}

impl Pkcs11Pin {
    fn read(&self) -> Result<AuthPin, SignerError> {
        let read = match self {
            Self::File(path) => fs::read_to_string(path).ok(),
            Self::Environment(name) => env::var(name).ok(),
        };
        let mut pin = read.ok_or(SignerError::PinUnreadable)?;
        pin.truncate(pin.trim_end_matches(['\r', '\n']).len());
        Ok(AuthPin::from(pin))
    }
}

/// PKCS#11 says which function failed and how: nothing secret.
fn failed(error: Error) -> SignerError {
    SignerError::Failed { because: error.to_string() }
}
