use std::fmt;

use serde::{Serialize, Serializer};

/// The model of a reader, as far as its name says it in words that are known.
///
/// Names of readers are those of products, in which systems put what else the reader says of itself:
/// often the number of this very device, and not always in the same place. So of a name only the words
/// of a table are taken; every other word, whatever it says, becomes `…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReaderModel(Vec<Option<&'static str>>);

/// Words of makers and models, none of which is the number of a device or the name of a person: of what is
/// sold in Japan for My Number Cards, of what drivers say besides, and of the readers of tests.
const MAKERS: &str = "\
    ACS Alcor Athena Broadcom CASTLES Cherry Elecom Feitian FUJITSU Gemalto Gemplus Generic \
    HID Hitachi I-O Identiv Identive IODATA KOBIL Lenovo Micro Microsoft Microsystems NEC NTT \
    NTTCom O2 OMNIKEY Panasonic Realtek REINER SANWA SCM SCT Sony SpringCard Thales TOPPAN \
    Yubico";
const MODELS: &str = "\
    ACR122U ACR1251 ACR1251U ACR1252 ACR1252U ACR1281U ACR38 ACR38U ACR38U-CCID ACR39 \
    ACR39-NTTCom ACR39U ADR-MNICU2 ADR-MNICUBK AU9520 AU9540 AU9560 CardMan CL-2100R \
    CL-2100R-N CT30 CT40 CT710 cyberJack FeliCa HX-520UJJ IDBridge K30 MR-ICD102 PaSoRi \
    RC-S300 RC-S300P RC-S300S RC-S330 RC-S370 RC-S380 RC-S380P RC-S380S SCR331 SCR3310 \
    SCR3310-NTTCom SCR33xx SCR3500 SmartFold SmartTerminal ST-1144 TR-USB Twin \
    USB-ICCRW USB-NFC3 USB-NFC4 uTrust YubiKey";
const KINDS: &str = "\
    Card CCID Contact Contactless Dual FIDO ICC Interface Keyboard NFC OTP PC PCD PCSC PICC \
    PIV Port Reader RFID SAM Secure Smart SmartCard Token USB USB-SmartCardReader Virtual";

impl ReaderModel {
    pub(super) fn of(name: &str) -> Self {
        let is_between = |c: char| c.is_whitespace() || "[](){}/,_+".contains(c);
        let words = name.split(is_between).filter(|word| !word.is_empty());
        let known = |word: &str| table().find(|known| known.eq_ignore_ascii_case(word));
        let mut model: Vec<_> = words.map(known).collect();
        // How many words there are in between says nothing.
        model.dedup_by(|word, before| word.is_none() && before.is_none());
        Self(model)
    }
}

fn table() -> impl Iterator<Item = &'static str> {
    [MAKERS, MODELS, KINDS].into_iter().flat_map(str::split_whitespace)
}

impl fmt::Display for ReaderModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|word| word.unwrap_or("…")).collect();
        f.write_str(&words.join(" "))
    }
}

impl Serialize for ReaderModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{ReaderModel, table};

    #[test]
    fn of_a_name_the_words_of_the_table_are_left() {
        for (name, model) in [
            (
                "SCM Microsystems Inc. SCR3310 [CCID Interface] (53311424701516) 00 00",
                "SCM Microsystems … SCR3310 CCID Interface …",
            ),
            ("Sony FeliCa Port/PaSoRi 4.0 (0210437) 01 00", "Sony FeliCa Port PaSoRi …"),
            ("ACS ACR39U ICC Reader 0", "ACS ACR39U ICC Reader …"),
            ("Alcor Micro AU9540 00 00", "Alcor Micro AU9540 …"),
            ("Yubico YubiKey OTP+FIDO+CCID 00 00", "Yubico YubiKey OTP FIDO CCID …"),
            ("Virtual PCD 00 01", "Virtual PCD …"),
            // A number without brackets, within a word, or with letters; and a name.
            ("SCR3310 53311424701516", "SCR3310 …"),
            ("SCR3310-53311424701516", "…"),
            ("USB Smart Card Reader AB12-CD34 of 山田太郎", "USB Smart Card Reader …"),
            ("Reader:1234", "…"),
            ("", ""),
        ] {
            assert_eq!(ReaderModel::of(name).to_string(), model, "{name}");
        }
    }

    #[test]
    fn no_word_of_the_table_could_be_a_number_of_a_device() {
        for word in table() {
            let digits = word.chars().filter(char::is_ascii_digit).count();
            assert!(digits <= 4 && word.starts_with(|c: char| c.is_ascii_alphabetic()), "{word}");
        }
    }
}
