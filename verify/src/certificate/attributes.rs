//! The four basic attributes (基本4情報) of the holder, in a digital signature certificate.

use std::fmt;

use kazashi_core::codec::tlv::{self, Tag, Tlv};
use kazashi_core::value::{BirthDate, Era, Sex};

const SEQUENCE: Tag = Tag(0x30);
const OBJECT_IDENTIFIER: Tag = Tag(0x06);
const UTF8_STRING: Tag = Tag(0x0C);
/// `[0]`: otherName among the kinds of name (RFC 5280, 4.2.1.6), and the value in an otherName.
const CONTEXT_0: Tag = Tag(0xA0);

/// 1.2.392.200149.8.5.5, of which JPKI's attributes are the children.
const ARC: [u8; 9] = [0x2A, 0x83, 0x08, 0x8C, 0x9B, 0x55, 0x08, 0x05, 0x05];
const NAME: u8 = 1;
const NAME_SUBSTITUTES: u8 = 2;
const SEX: u8 = 3;
const DATE_OF_BIRTH: u8 = 4;
const ADDRESS: u8 = 5;
const ADDRESS_SUBSTITUTES: u8 = 6;

/// The four basic attributes (基本4情報) of the holder as a certificate has them: name, address, date
/// of birth and sex.
///
/// `Debug` shows nothing of them. Keep them out of logs.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateAttributes {
    name: Box<str>,
    name_substitutes: Option<Box<[bool]>>,
    address: Box<str>,
    address_substitutes: Option<Box<[bool]>>,
    era: Option<Era>,
    birth_date: BirthDate,
    sex: Sex,
}

impl CertificateAttributes {
    /// Reads the value of the extension subjectAltName, or names what is wrong.
    pub(super) fn parse(subject_alt_name: &[u8]) -> Result<Self, &'static str> {
        let names = only(subject_alt_name, SEQUENCE).ok_or("no readable alternative names")?;
        let text = |attribute| attribute_text(names, attribute);
        let name = text(NAME).ok_or("no readable name")?;
        let address = text(ADDRESS).ok_or("no readable address")?;
        let (era, birth_date) =
            text(DATE_OF_BIRTH).and_then(date_of_birth).ok_or("no readable date of birth")?;
        Ok(Self {
            name_substitutes: text(NAME_SUBSTITUTES).and_then(|flags| substitutes(name, flags)),
            name: name.into(),
            address_substitutes: text(ADDRESS_SUBSTITUTES)
                .and_then(|flags| substitutes(address, flags)),
            address: address.into(),
            era,
            birth_date,
            sex: text(SEX).and_then(sex).ok_or("no readable sex")?,
        })
    }

    /// The name (氏名): family name and given name, with an ideographic space (U+3000) between.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For each character of the name, whether it stands for one that certificates cannot hold.
    /// `None` if the certificate does not say.
    #[must_use]
    pub fn name_substitutes(&self) -> Option<&[bool]> {
        self.name_substitutes.as_deref()
    }

    /// The address (住所), from the prefecture on.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// For each character of the address, whether it stands for one that certificates cannot hold.
    /// `None` if the certificate does not say.
    #[must_use]
    pub fn address_substitutes(&self) -> Option<&[bool]> {
        self.address_substitutes.as_deref()
    }

    /// The date of birth (生年月日).
    #[must_use]
    pub fn birth_date(&self) -> &BirthDate {
        &self.birth_date
    }

    /// The era (元号) that the certificate names for it.
    #[must_use]
    pub fn era(&self) -> Option<Era> {
        self.era
    }

    /// The year within that era: 55 for a birth in Shōwa 55 (昭和55年), which is 1980. `None` unless
    /// the date, as far as it is known, lies in the era.
    #[must_use]
    pub fn year_of_era(&self) -> Option<u16> {
        self.era?.year_of(&self.birth_date)
    }

    /// The sex (性別).
    #[must_use]
    pub fn sex(&self) -> Sex {
        self.sex
    }
}

impl fmt::Debug for CertificateAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateAttributes")
    }
}

/// `EYYYYMMDD`: an era before a date of the Gregorian calendar.
fn date_of_birth(text: &str) -> Option<(Option<Era>, BirthDate)> {
    let (era, date) = text.split_at_checked(1)?;
    let era = match era {
        "1" => Some(Era::Meiji),
        "2" => Some(Era::Taisho),
        "3" => Some(Era::Showa),
        "4" => Some(Era::Heisei),
        "5" => Some(Era::Reiwa),
        _ => None,
    };
    let is_date = text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_date.then(|| (era, BirthDate::from_record(date.as_bytes())))
}

/// The certificates' own code.
fn sex(text: &str) -> Option<Sex> {
    match text {
        "1" => Some(Sex::Male),
        "2" => Some(Sex::Female),
        "3" => Some(Sex::Unknown),
        _ => None,
    }
}

/// The text of one attribute, unless it is absent, unreadable or there twice.
fn attribute_text(names: &[u8], attribute: u8) -> Option<&str> {
    let mut found = None;
    for name in tlv::read(names) {
        let name = name.ok()?;
        if name.tag() != CONTEXT_0 {
            continue;
        }
        let [identifier, value] = pair(name.value())?;
        let is_wanted = identifier.tag() == OBJECT_IDENTIFIER
            && identifier.value().strip_prefix(&ARC) == Some(&[attribute]);
        if is_wanted && found.replace(value).is_some() {
            return None;
        }
    }
    let value = found.filter(|value| value.tag() == CONTEXT_0)?;
    std::str::from_utf8(only(value.value(), UTF8_STRING)?).ok()
}

/// The value of the one object that fills the bytes.
fn only(bytes: &[u8], tag: Tag) -> Option<&[u8]> {
    let object = tlv::read(bytes).next()?.ok()?;
    (object.tag() == tag && object.encoded().len() == bytes.len()).then_some(object.value())
}

/// The two objects that fill the bytes.
fn pair(bytes: &[u8]) -> Option<[Tlv<'_>; 2]> {
    let mut objects = tlv::read(bytes);
    let pair = [objects.next()?.ok()?, objects.next()?.ok()?];
    let length: usize = pair.iter().map(|object| object.encoded().len()).sum();
    (length == bytes.len()).then_some(pair)
}

/// One flag for each character; anything else says nothing.
fn substitutes(text: &str, flags: &str) -> Option<Box<[bool]>> {
    let flag = |flag| match flag {
        '0' => Some(false),
        '1' => Some(true),
        _ => None,
    };
    let flags: Box<[bool]> = flags.chars().map(flag).collect::<Option<_>>()?;
    (flags.len() == text.chars().count()).then_some(flags)
}
