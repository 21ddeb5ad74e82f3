use std::path::{Path, PathBuf};
use std::{fs, io};

use kazashi_core::value::{Scope, Scopes};
use kazashi_verify::VerifyError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::access::card_root::{self, CardRoot};
use crate::access::grants::Grants;
use crate::access::limits::Limits;
use crate::access::origin::{InvalidOrigin, Origin};
use crate::sys::{PINENTRY, configuration_file, read_configuration_file};

/// Decisions of the administrator. An origin that is not listed may do nothing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The program that asks for PINs.
    pub(crate) pinentry: PathBuf,
    /// Whether a page that may do nothing is told so.
    pub(crate) disclose: bool,
    pub(crate) limits: Limits,
    pub(crate) reader: ReaderChoice,
    native: Native,
    #[serde(rename = "origin")]
    pub(crate) grants: Grants,
    #[serde(rename = "card-root")]
    pub(crate) card_roots: Vec<CardRoot>,
}

/// What the administrator knows of the workstation's readers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ReaderChoice {
    /// Part of the name of the reader that comes first, where there are several.
    pub(crate) preferred: Option<String>,
    /// Whether PINs are typed on the keys of a reader that says that it has some.
    pub(crate) keys: bool,
}

/// Programs of this user that connect by the Unix socket.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Native {
    scopes: Scopes,
}

/// The administrator's file.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    /// Whether it was named, so that it must be there.
    is_named: bool,
}

/// The reason why a file was not taken. It grants nothing then.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is not UTF-8: save it as UTF-8", path.display())]
    NotUtf8 { path: PathBuf },
    #[error("{} has a mistake: {source}", path.display())]
    Malformed { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{origin} cannot be granted anything: {source}")]
    Origin { origin: Origin, source: InvalidOrigin },
    #[error("raw-apdu is for developer mode")]
    RawApdu,
    #[error("a card-root cannot be trusted: {0}")]
    CardRoot(VerifyError),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            pinentry: PathBuf::from(PINENTRY),
            disclose: false,
            limits: Limits::default(),
            reader: ReaderChoice::default(),
            native: Native::default(),
            grants: Grants::default(),
            card_roots: Vec::new(),
        }
    }
}

impl Default for ReaderChoice {
    fn default() -> Self {
        Self { preferred: None, keys: true }
    }
}

impl Config {
    /// Scopes of programs that connect by the Unix socket.
    pub(crate) fn native_scopes(&self) -> &Scopes {
        &self.native.scopes
    }
}

impl ConfigFile {
    /// The file that was named, or else the one of this machine.
    pub(crate) fn new(named: Option<PathBuf>) -> Self {
        let is_named = named.is_some();
        Self { path: named.unwrap_or_else(configuration_file), is_named }
    }

    /// Reads the file. Where none was named and there is none, no origin is listed.
    pub(crate) fn load(&self, developer_mode: bool) -> Result<Config, ConfigError> {
        // A file that was named is that of whoever starts the bridge.
        let read = if self.is_named {
            read_toml(&self.path, |path| fs::read_to_string(path))
        } else {
            read_toml(&self.path, read_configuration_file)
        };
        let mut config: Config = match read? {
            Some(config) => config,
            None if self.is_named => {
                let source = io::ErrorKind::NotFound.into();
                return Err(ConfigError::Unreadable { path: self.path.clone(), source });
            }
            None => Config::default(),
        };
        let is_raw = |scopes: &Scopes| scopes.allow(Scope::RawApdu);
        let grants_raw = config.grants.iter().any(|grant| is_raw(&grant.scopes));
        if !developer_mode && (grants_raw || is_raw(config.native_scopes())) {
            return Err(ConfigError::RawApdu);
        }
        for grant in config.grants.iter() {
            if let Err(source) = Origin::parse(grant.origin.as_str(), developer_mode) {
                return Err(ConfigError::Origin { origin: grant.origin.clone(), source });
            }
        }
        for root in &mut config.card_roots {
            let path = root.path.clone();
            root.read().map_err(|source| ConfigError::Unreadable { path, source })?;
        }
        card_root::trust(&config.card_roots).map_err(ConfigError::CardRoot)?;
        Ok(config)
    }
}

/// Reads a file of TOML, if there is one.
pub(crate) fn read_toml<T: DeserializeOwned>(
    path: &Path,
    read: impl FnOnce(&Path) -> io::Result<String>,
) -> Result<Option<T>, ConfigError> {
    let text = match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(ConfigError::NotUtf8 { path: path.to_owned() });
        }
        // UTF-16 of Latin letters passes for UTF-8 where its byte order mark was taken off.
        Ok(text) if text.contains('\0') => {
            return Err(ConfigError::NotUtf8 { path: path.to_owned() });
        }
        Ok(text) => text,
        Err(source) => return Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    };
    toml::from_str(&text).map(Some).map_err(|source| ConfigError::Malformed {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kazashi_core::value::Scope;
    use rsa::RsaPrivateKey;
    use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey, LineEnding};

    use super::{Config, ConfigError, ConfigFile};

    fn load(text: &str, developer_mode: bool) -> Result<Config, ConfigError> {
        load_bytes(text.as_bytes(), developer_mode)
    }

    fn load_bytes(bytes: &[u8], developer_mode: bool) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bridge.toml");
        std::fs::write(&path, bytes).unwrap();
        ConfigFile::new(Some(path)).load(developer_mode)
    }

    #[test]
    fn a_whole_file_is_understood() {
        let config = load(
            r#"
            pinentry = "/usr/bin/pinentry-curses"
            disclose = true

            [limits]
            idle-seconds = 20

            [reader]
            preferred = "Desk Reader"
            keys = false

            [native]
            scopes = ["events"]

            [[origin]]
            origin = "https://portal.example"
            scopes = ["authenticate"]
            until = 2027-03-31
            reason = "trial at the counter"
            "#,
            false,
        )
        .unwrap();
        assert!(config.disclose && config.native_scopes().allow(Scope::Events));
        assert_eq!(config.pinentry.to_str(), Some("/usr/bin/pinentry-curses"));
        assert_eq!(config.limits.idle(), Duration::from_secs(20));
        assert_eq!(config.reader.preferred.as_deref(), Some("Desk Reader"));
        assert!(!config.reader.keys);
        let grant = config.grants.iter().next().unwrap();
        assert!(grant.scopes.allow(Scope::Authenticate) && !grant.scopes.allow(Scope::Events));
        assert_eq!(grant.reason.as_deref(), Some("trial at the counter"));
    }

    #[test]
    fn a_file_in_another_encoding_is_said_to_be_that() {
        let text = "disclose = true # 受付";
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let latin: Vec<u8> = "disclose = true".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [
            b"disclose = true # \x8E\xF3\x95t".to_vec(), // CP932
            [b"\xFF\xFE".as_slice(), &utf_16].concat(),
            utf_16,
            latin,
        ] {
            let error = load_bytes(&bytes, false).unwrap_err().to_string();
            assert!(error.ends_with("bridge.toml is not UTF-8: save it as UTF-8"), "{error}");
        }
        assert!(load(&format!("\u{FEFF}{text}\r\n"), false).unwrap().disclose);
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let named = ConfigFile::new(Some(folder.path().to_owned()));
        let error = named.load(false).unwrap_err().to_string();
        let begin = format!("cannot read {}: ", folder.path().display());
        assert!(error.len() > begin.len() && error.starts_with(&begin), "{error}");
    }

    #[test]
    fn an_empty_file_grants_nothing() {
        let config = load("", true).unwrap();
        assert_eq!(config, Config::default());
        assert!(config.native_scopes().is_empty() && config.grants.iter().next().is_none());
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bridge.toml");
        assert!(ConfigFile::new(Some(path.clone())).load(false).is_err());
        let of_the_machine = ConfigFile { path, is_named: false };
        assert_eq!(of_the_machine.load(false).unwrap(), Config::default());
    }

    #[test]
    fn raw_commands_are_for_developer_mode() {
        for text in [
            "[[origin]]\norigin = \"https://a.example\"\nscopes = [\"raw-apdu\"]",
            "[native]\nscopes = [\"raw-apdu\"]",
        ] {
            assert!(matches!(load(text, false), Err(ConfigError::RawApdu)), "{text}");
            assert!(load(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn roots_of_cards_are_read_and_a_mistake_in_one_grants_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("root.pem");
        let root = |identifier: &str| {
            let key = key.to_str().unwrap();
            format!("[[card-root]]\nidentifier = \"{identifier}\"\nkey = {key:?}")
        };
        let good = root("39303030303333080530303100000000");
        assert!(matches!(load(&good, false), Err(ConfigError::Unreadable { .. })));
        std::fs::write(&key, "no key").unwrap();
        assert!(matches!(load(&good, false), Err(ConfigError::CardRoot(_))));
        let authority = RsaPrivateKey::from_pkcs8_pem(include_str!(
            "../../../vectors/keys/card-info-authority.pem"
        ));
        let public_key = authority.unwrap().to_public_key().to_public_key_pem(LineEnding::LF);
        std::fs::write(&key, public_key.unwrap()).unwrap();
        assert_eq!(load(&good, false).unwrap().card_roots.len(), 1);
        for mistaken in ["", "9000033", &"zz".repeat(16)] {
            assert!(matches!(load(&root(mistaken), false), Err(ConfigError::CardRoot(_))));
        }
        assert!(load(&format!("{good}\nfingerprint = \"00\""), false).is_err());
    }

    #[test]
    fn a_mistake_in_the_file_grants_nothing() {
        for (mistake, text) in [
            ("not TOML", "[[origin"),
            ("an unknown key", "orgins = []"),
            (
                "an unknown key of an origin",
                "[[origin]]\norigin = \"https://a.example\"\nscopes = []\nuntill = 2026-12-31",
            ),
            ("an unknown scope", "[[origin]]\norigin = \"https://a.example\"\nscopes = [\"all\"]"),
            ("no scopes", "[[origin]]\norigin = \"https://a.example\""),
            ("no canonical origin", "[[origin]]\norigin = \"https://a.example/\"\nscopes = []"),
            ("plain http", "[[origin]]\norigin = \"http://a.example\"\nscopes = []"),
            ("loopback", "[[origin]]\norigin = \"http://localhost\"\nscopes = []"),
            ("a program", "[[origin]]\norigin = \"native:program\"\nscopes = []"),
            (
                "no moment",
                "[[origin]]\norigin = \"https://a.example\"\nscopes = []\nuntil = 10:00:00",
            ),
            (
                "an end in quotes",
                "[[origin]]\norigin = \"https://a.example\"\nscopes = []\nuntil = \"2026-12-31\"",
            ),
            ("no limit", "[limits]\nsockets = 0"),
            (
                "twice",
                "[[origin]]\norigin = \"https://a.example\"\nscopes = []\n\
                 [[origin]]\norigin = \"https://a.example\"\nscopes = []",
            ),
        ] {
            assert!(load(text, false).is_err(), "{mistake}");
        }
    }
}
