use std::{
    fs, io,
    path::{Path, PathBuf},
};

use kazashi_core::policy::{Scope, Scopes};
use kazashi_verify::VerifyError;
use serde::{Deserialize, de::DeserializeOwned};
use thiserror::Error;

use crate::{
    card_root::{self, CardRoot},
    grants::Grants,
    limits::Limits,
    origin::{InvalidOrigin, Origin},
};

/// What the administrator decided. An origin that is not listed may do nothing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The program that asks for PINs.
    pub(crate) pinentry: PathBuf,
    /// Whether a page that may do nothing is told so.
    pub(crate) disclose: bool,
    pub(crate) limits: Limits,
    native: Native,
    #[serde(rename = "origin")]
    pub(crate) grants: Grants,
    #[serde(rename = "card-root")]
    pub(crate) card_roots: Vec<CardRoot>,
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

/// Why a file was not taken. It grants nothing then.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
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
            pinentry: PathBuf::from("pinentry"),
            disclose: false,
            limits: Limits::default(),
            native: Native::default(),
            grants: Grants::default(),
            card_roots: Vec::new(),
        }
    }
}

impl Config {
    /// What programs that connect by the Unix socket may do.
    pub(crate) fn native_scopes(&self) -> &Scopes {
        &self.native.scopes
    }
}

impl ConfigFile {
    /// The file that was named, or else the one of this machine.
    pub(crate) fn new(named: Option<PathBuf>) -> Self {
        let is_named = named.is_some();
        Self { path: named.unwrap_or_else(of_this_machine), is_named }
    }

    /// Reads the file. Where none was named and there is none, no origin is listed.
    pub(crate) fn load(&self, developer_mode: bool) -> Result<Config, ConfigError> {
        let mut config: Config = match read_toml(&self.path)? {
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
pub(crate) fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ConfigError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    };
    toml::from_str(&text).map(Some).map_err(|source| ConfigError::Malformed {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

fn of_this_machine() -> PathBuf {
    if cfg!(windows) {
        let data = std::env::var_os("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into());
        Path::new(&data).join("kazashi").join("bridge.toml")
    } else if cfg!(target_os = "macos") {
        PathBuf::from("/Library/Application Support/kazashi/bridge.toml")
    } else {
        PathBuf::from("/etc/kazashi/bridge.toml")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kazashi_core::policy::Scope;
    use rsa::{
        RsaPrivateKey,
        pkcs8::{DecodePrivateKey, EncodePublicKey, LineEnding},
    };

    use super::{Config, ConfigError, ConfigFile};

    fn load(text: &str, developer_mode: bool) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bridge.toml");
        std::fs::write(&path, text).unwrap();
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
        let grant = config.grants.iter().next().unwrap();
        assert!(grant.scopes.allow(Scope::Authenticate) && !grant.scopes.allow(Scope::Events));
        assert_eq!(grant.reason.as_deref(), Some("trial at the counter"));
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
            "../../vectors/keys/card-info-authority.pem"
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
