//! An image as files: `card.toml`, the contents of EFs as on the card (`jpki/000A.bin`), keys as
//! PEM.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Contents, Ef, Image, ImageError, Pin, PrivateKey, PublicKey, Variant};
use crate::Application;

/// Files by their path within the folder, parted by `/`.
pub(crate) type Files<'a> = BTreeMap<Cow<'a, str>, Cow<'a, [u8]>>;

pub(crate) const CARD_TOML: &str = "card.toml";

/// Contents of `card.toml`; the tables of the applications follow under their names.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
struct CardToml {
    #[serde(default)]
    variant: Variant,
    #[serde(default = "contact_atr")]
    atr: String,
    /// By tag, in hexadecimal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    data_objects: BTreeMap<String, String>,
    #[serde(flatten)]
    applications: BTreeMap<Application, ApplicationTable>,
}

/// By EF identifier: the files of the keys, and the PINs.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ApplicationTable {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    keys: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    public_keys: BTreeMap<String, String>,
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
        for (tag, object) in card.data_objects {
            match (parse_four_digits(&tag), parse_hex(&object)) {
                (Some(number), Some(object)) => image = image.with_data_object(number, object),
                _ => return Err(ImageError::DataObject { tag }),
            }
        }

        for (application, table) in card.applications {
            for (id, path) in table.keys {
                let ef = parse_ef(application, &id)?;
                if files.contains_key(&*path) {
                    let key = PrivateKey::from_pkcs8_pem(path.as_str(), &text(files, &path)?)?;
                    image.insert(ef, key.into())?;
                } else {
                    image.missing_keys.insert(ef, path);
                }
            }
            for (id, path) in table.public_keys {
                let key = PublicKey::from_public_key_pem(path.as_str(), &text(files, &path)?)?;
                image.insert(parse_ef(application, &id)?, key.into())?;
            }
            for (id, pin) in table.pins {
                let pin = match pin.value {
                    Some(value) => {
                        Pin::with_retries_left(&value, pin.retries_left, pin.retries_max)?
                    }
                    None => Pin::without_value(pin.retries_left, pin.retries_max)?,
                };
                image.insert(parse_ef(application, &id)?, pin.into())?;
            }
        }
        for (path, bytes) in files {
            let Some((application, name)) = binary(path) else { continue };
            match name.split_once('.') {
                None => {
                    let contents = Contents::Transparent(bytes.to_vec());
                    image.insert(parse_ef(application, name)?, contents)?;
                }
                Some((id, number)) => {
                    let number = parse_record_number(path, number)?;
                    image.insert_record(parse_ef(application, id)?, number, bytes.to_vec())?;
                }
            }
        }
        Ok(image)
    }

    fn insert(&mut self, ef: Ef, contents: Contents) -> Result<(), ImageError> {
        match self.files.insert(ef, contents) {
            None => Ok(()),
            Some(_) => Err(ImageError::Twice { ef }),
        }
    }

    fn insert_record(&mut self, ef: Ef, number: u8, record: Vec<u8>) -> Result<(), ImageError> {
        let empty = || Contents::Records(BTreeMap::new());
        match self.files.entry(ef).or_insert_with(empty) {
            Contents::Records(records) => {
                records.insert(number, record);
                Ok(())
            }
            _ => Err(ImageError::Twice { ef }),
        }
    }

    pub(crate) fn to_files(&self) -> Result<Files<'_>, ImageError> {
        let mut files = Files::new();
        files.insert(CARD_TOML.into(), self.card_toml()?.into_bytes().into());
        for (ef, contents) in &self.files {
            match contents {
                Contents::Transparent(bytes) => {
                    files.insert(format!("{ef}.bin").into(), bytes.as_slice().into());
                }
                Contents::Records(records) => {
                    for (number, record) in records {
                        files.insert(format!("{ef}.{number}.bin").into(), record.into());
                    }
                }
                Contents::PrivateKey(key) => {
                    let pem = key.to_pkcs8_pem()?.as_bytes().to_vec();
                    files.insert(key.path.as_str().into(), pem.into());
                }
                Contents::PublicKey(key) => {
                    let pem = key.to_public_key_pem()?.into_bytes();
                    files.insert(key.path.as_str().into(), pem.into());
                }
                Contents::Pin(_) => {}
            }
        }
        Ok(files)
    }

    pub(crate) fn card_toml(&self) -> Result<String, ImageError> {
        let mut applications = BTreeMap::<_, ApplicationTable>::new();
        let id = |ef: &Ef| format!("{:04X}", ef.id);
        for (ef, contents) in &self.files {
            match contents {
                Contents::Transparent(_) | Contents::Records(_) => {}
                Contents::PrivateKey(key) => {
                    let table = applications.entry(ef.application).or_default();
                    table.keys.insert(id(ef), key.path.clone());
                }
                Contents::PublicKey(key) => {
                    let table = applications.entry(ef.application).or_default();
                    table.public_keys.insert(id(ef), key.path.clone());
                }
                Contents::Pin(pin) => {
                    let pin = PinTable {
                        value: pin.value().map(str::to_owned),
                        retries_left: pin.retries_left(),
                        retries_max: pin.retries_max(),
                    };
                    applications.entry(ef.application).or_default().pins.insert(id(ef), pin);
                }
            }
        }
        for (ef, path) in &self.missing_keys {
            applications.entry(ef.application).or_default().keys.insert(id(ef), path.clone());
        }
        let hex = |(tag, object): (&u16, &Vec<u8>)| (format!("{tag:04X}"), to_hex(object));
        let card = CardToml {
            variant: self.variant,
            atr: to_hex(&self.atr),
            data_objects: self.data_objects.iter().map(hex).collect(),
            applications,
        };
        toml::to_string(&card).map_err(|error| ImageError::CardToml { reason: error.to_string() })
    }
}

fn text<'a>(files: &'a Files<'_>, path: &str) -> Result<Cow<'a, str>, ImageError> {
    let bytes = files.get(path).ok_or_else(|| ImageError::Missing { path: path.to_owned() })?;
    Ok(String::from_utf8_lossy(bytes))
}

/// `jpki/000A.bin` is `000A` of an application, `common/0001.1.bin` is `0001.1` of another.
fn binary(path: &str) -> Option<(Application, &str)> {
    let (folder, file) = path.split_once('/')?;
    let application =
        Application::ALL.into_iter().find(|application| application.name() == folder)?;
    Some((application, file.strip_suffix(".bin")?))
}

fn parse_ef(application: Application, id: &str) -> Result<Ef, ImageError> {
    match parse_four_digits(id) {
        Some(number @ 0x0001..=0x001E) => Ok(Ef { application, id: number }),
        _ => Err(ImageError::EfIdentifier { name: id.to_owned() }),
    }
}

fn parse_record_number(path: &str, number: &str) -> Result<u8, ImageError> {
    match number.parse() {
        // Parsing alone would take `+1` and `01` for another name of record 1.
        Ok(parsed @ 1..=254) if u8::to_string(&parsed) == number => Ok(parsed),
        _ => Err(ImageError::RecordNumber { path: path.to_owned() }),
    }
}

fn parse_four_digits(hex: &str) -> Option<u16> {
    Some(u16::from_be_bytes(parse_hex(hex)?.try_into().ok()?))
}

fn contact_atr() -> String {
    to_hex(&Image::CONTACT_ATR)
}

fn parse_atr(hex: &str) -> Result<Vec<u8>, ImageError> {
    match parse_hex(hex) {
        Some(atr) if (2..=33).contains(&atr.len()) => Ok(atr),
        _ => Err(ImageError::Atr),
    }
}

fn parse_hex(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| match *pair {
        [high, low] => Some(hex_digit(high)? << 4 | hex_digit(low)?),
        _ => None,
    });
    bytes.collect()
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
