//! An image as files: `card.toml`, the contents of EFs as on the card (`jpki/000A.bin`), keys as PEM.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Contents, Ef, Image, ImageError, Pin, PrivateKey, Variant};
use crate::Application;

/// Files by their path within the folder, parted by `/`.
pub(crate) type Files<'a> = BTreeMap<Cow<'a, str>, Cow<'a, [u8]>>;

pub(crate) const CARD_TOML: &str = "card.toml";

/// What is in `card.toml`; the tables of the applications follow under their names.
#[derive(Deserialize, Serialize)]
struct CardToml {
    variant: Variant,
    atr: String,
    #[serde(flatten)]
    applications: BTreeMap<Application, ApplicationTable>,
}

/// By EF identifier: the files of the keys, and the PINs.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ApplicationTable {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    keys: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pins: BTreeMap<String, PinTable>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PinTable {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    retries_left: u8,
    retries_max: u8,
}

impl Image {
    pub(crate) fn from_files(files: &Files<'_>) -> Result<Self, ImageError> {
        let card: CardToml = toml::from_str(&text(files, CARD_TOML)?)
            // The error's own text would quote the line, and a PIN may stand in it.
            .map_err(|error| ImageError::CardToml { reason: error.message().to_owned() })?;
        let mut image = Self::empty(card.variant);
        image.atr = parse_atr(&card.atr)?;

        for (application, table) in card.applications {
            for (id, path) in table.keys {
                let pem = text(files, &path)?;
                let key = PrivateKey::from_pkcs8_pem(path, &pem)?;
                image = image.with(parse_ef(application, &id)?, Contents::PrivateKey(key));
            }
            for (id, pin) in table.pins {
                let pin = match pin.value {
                    Some(value) => {
                        Pin::with_retries_left(&value, pin.retries_left, pin.retries_max)?
                    }
                    None => Pin::without_value(pin.retries_left, pin.retries_max)?,
                };
                image = image.with(parse_ef(application, &id)?, Contents::Pin(pin));
            }
        }
        for (path, bytes) in files {
            if let Some((application, id)) = transparent(path) {
                let contents = Contents::Transparent(bytes.to_vec());
                image = image.with(parse_ef(application, id)?, contents);
            }
        }
        Ok(image)
    }

    pub(crate) fn to_files(&self) -> Result<Files<'_>, ImageError> {
        let mut files = Files::new();
        files.insert(CARD_TOML.into(), self.card_toml()?.into_bytes().into());
        for (ef, contents) in &self.files {
            match contents {
                Contents::Transparent(bytes) => {
                    files.insert(format!("{ef}.bin").into(), bytes.as_slice().into());
                }
                Contents::PrivateKey(key) => {
                    let pem = key.to_pkcs8_pem()?.as_bytes().to_vec();
                    files.insert(key.path.as_str().into(), pem.into());
                }
                Contents::Pin(_) => {}
            }
        }
        Ok(files)
    }

    pub(crate) fn card_toml(&self) -> Result<String, ImageError> {
        let mut applications = BTreeMap::<_, ApplicationTable>::new();
        for (ef, contents) in &self.files {
            let table = applications.entry(ef.application).or_default();
            let id = format!("{:04X}", ef.id);
            match contents {
                Contents::Transparent(_) => {}
                Contents::PrivateKey(key) => {
                    table.keys.insert(id, key.path.clone());
                }
                Contents::Pin(pin) => {
                    let pin = PinTable {
                        value: pin.value().map(str::to_owned),
                        retries_left: pin.retries_left,
                        retries_max: pin.retries_max,
                    };
                    table.pins.insert(id, pin);
                }
            }
        }
        let card = CardToml { variant: self.variant, atr: to_hex(&self.atr), applications };
        toml::to_string(&card).map_err(|error| ImageError::CardToml { reason: error.to_string() })
    }
}

fn text<'a>(files: &'a Files<'_>, path: &str) -> Result<Cow<'a, str>, ImageError> {
    let bytes = files.get(path).ok_or_else(|| ImageError::Missing { path: path.to_owned() })?;
    Ok(String::from_utf8_lossy(bytes))
}

/// `jpki/000A.bin` is `000A` of an application.
fn transparent(path: &str) -> Option<(Application, &str)> {
    let (folder, file) = path.split_once('/')?;
    let application =
        Application::ALL.into_iter().find(|application| application.name() == folder)?;
    Some((application, file.strip_suffix(".bin")?))
}

fn parse_ef(application: Application, id: &str) -> Result<Ef, ImageError> {
    // Parsing a number alone would take a sign for a digit.
    let four_digits = id.len() == 4 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    match u16::from_str_radix(id, 16) {
        Ok(number @ 0x0001..=0x001E) if four_digits => Ok(Ef { application, id: number }),
        _ => Err(ImageError::EfIdentifier { name: id.to_owned() }),
    }
}

fn parse_atr(hex: &str) -> Result<Vec<u8>, ImageError> {
    let pairs = hex.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| match *pair {
        [high, low] => Some(hex_digit(high)? << 4 | hex_digit(low)?),
        _ => None,
    });
    match bytes.collect::<Option<Vec<u8>>>() {
        Some(atr) if (2..=33).contains(&atr.len()) => Ok(atr),
        _ => Err(ImageError::Atr),
    }
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
