//! The card's behaviour.

use std::collections::BTreeSet;

use kazashi_core::codec::apdu::{CommandApdu, LengthFields, ResponseApdu, StatusWord};
use rand_core::CryptoRngCore;

use crate::application::Access;
use crate::{Application, Contents, Deed, Ef, Image, Variant};

mod compute_digital_signature;
mod external_authenticate;
mod get_challenge;
mod get_data;
mod read_binary;
mod read_record;
mod select;
mod verify;
mod verify_certificate;

use verify_certificate::Chain;

const INS_VERIFY: u8 = 0x20;
const INS_CHANGE_REFERENCE_DATA: u8 = 0x24;
pub(crate) const INS_PERFORM_SECURITY_OPERATION: u8 = 0x2A;
const INS_EXTERNAL_AUTHENTICATE: u8 = 0x82;
const INS_GET_CHALLENGE: u8 = 0x84;
/// In the card's own class; its formal name is not known (card.md 6.1).
const INS_VERIFY_CERTIFICATE: u8 = 0xA2;
const INS_SELECT: u8 = 0xA4;
const INS_READ_BINARY: u8 = 0xB0;
const INS_READ_RECORD: u8 = 0xB2;
const INS_GET_DATA: u8 = 0xCA;
/// Known to the tokens in telephones only (card.md 3.1); the class is the card's own.
const INS_LAST_COMMAND: u8 = 0xFC;

const RECORD_NOT_FOUND: StatusWord = StatusWord(0x6A83);
const SECURE_MESSAGING_NOT_SUPPORTED: StatusWord = StatusWord(0x6882);
const COMMAND_CHAINING_NOT_SUPPORTED: StatusWord = StatusWord(0x6884);

/// A card, powered and waiting for commands.
///
/// Not emulated: on some readers the first command after power-up fails with `6F00` (card.md 1.2).
#[derive(Clone, Debug)]
pub struct Card {
    image: Image,
    /// The current application; none means the card manager.
    application: Option<Application>,
    current_ef: Option<Ef>,
    /// The security status: which PINs were presented.
    verified: BTreeSet<Ef>,
    /// Whether every PIN counts as presented.
    is_opened: bool,
    /// The last challenge, if it is long enough for EXTERNAL AUTHENTICATE.
    challenge: Option<[u8; 32]>,
    /// The certificates that a terminal presented to the current EF.
    chain: Chain,
    /// The digest of the one statement that a terminal let the card sign without a PIN.
    permitted: Option<[u8; 32]>,
    deed: Option<Deed>,
    changed: bool,
}

/// The two classes of commands that the card knows; everything else about CLA is refused.
enum Class {
    Interindustry,
    Proprietary,
}

impl Card {
    /// A card with these contents.
    #[must_use]
    pub fn new(image: Image) -> Self {
        Self {
            image,
            application: None,
            current_ef: None,
            verified: BTreeSet::new(),
            is_opened: false,
            challenge: None,
            chain: Chain::default(),
            permitted: None,
            deed: None,
            changed: false,
        }
    }

    /// A card on which every PIN counts as presented: what is still refused, whoever guards the
    /// card refuses.
    #[must_use]
    pub fn opened(image: Image) -> Self {
        Self { is_opened: true, ..Self::new(image) }
    }

    /// The answer to reset.
    #[must_use]
    pub fn atr(&self) -> &[u8] {
        self.image.atr()
    }

    /// The contents as they are now.
    #[must_use]
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Whether a PIN or a retry counter changed since this was last asked.
    ///
    /// Who keeps the image on disk saves it then, before the response leaves: a card that forgets a
    /// wrong try on the way can be guessed at.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The deed of the last command. A command is good for one deed at most.
    #[must_use]
    pub fn deed(&self) -> Option<&Deed> {
        self.deed.as_ref()
    }

    /// Power is applied: the card manager is current, and nothing is verified.
    pub fn power_on(&mut self) {
        self.reset();
        self.verified.clear();
    }

    /// Power is removed.
    pub fn power_off(&mut self) {
        self.power_on();
    }

    /// A warm reset: the card manager is current again, but what was verified stays so (card.md 2).
    /// What a terminal proved does not: our choice, nothing is known.
    pub fn reset(&mut self) {
        self.application = None;
        self.set_current_ef(None);
        self.challenge = None;
        self.permitted = None;
    }

    /// Performs a command APDU and answers with a response APDU. Any bytes get an answer.
    pub fn transmit(&mut self, command: &[u8], random: &mut dyn CryptoRngCore) -> Vec<u8> {
        self.deed = None;
        let response = match CommandApdu::from_bytes(command) {
            Ok(command) if self.knows(command.length_fields()) => self.perform(&command, random),
            _ => Err(StatusWord::WRONG_LENGTH),
        };
        let response = match response {
            Ok(data) => ResponseApdu::new(data, StatusWord::OK),
            Err(status) => ResponseApdu::new([], status),
        };
        response.to_bytes().to_vec()
    }

    fn knows(&self, length_fields: LengthFields) -> bool {
        length_fields == LengthFields::Short || self.image.variant() != Variant::Short
    }

    fn perform(
        &mut self,
        command: &CommandApdu,
        random: &mut dyn CryptoRngCore,
    ) -> Result<Vec<u8>, StatusWord> {
        match (class(command.cla())?, command.ins()) {
            (Class::Interindustry, INS_SELECT) => self.select(command),
            (Class::Interindustry, INS_READ_BINARY) => self.read_binary(command),
            (Class::Interindustry, INS_READ_RECORD) => self.read_record(command),
            (Class::Interindustry, INS_GET_DATA) => self.get_data(command),
            (Class::Interindustry, INS_VERIFY) => self.verify(command),
            (Class::Interindustry, INS_CHANGE_REFERENCE_DATA) => {
                self.change_reference_data(command)
            }
            (Class::Interindustry, INS_GET_CHALLENGE) => self.get_challenge(command, random),
            (Class::Interindustry, INS_EXTERNAL_AUTHENTICATE) => {
                self.external_authenticate(command)
            }
            (Class::Proprietary, INS_VERIFY_CERTIFICATE) => self.verify_certificate(command),
            (Class::Proprietary, INS_PERFORM_SECURITY_OPERATION) => {
                self.compute_digital_signature(command, random)
            }
            (Class::Proprietary, INS_LAST_COMMAND) => Err(StatusWord::WRONG_LENGTH),
            _ => Err(StatusWord::INS_NOT_SUPPORTED),
        }
    }

    /// The EF that P2 of VERIFY and of COMPUTE DIGITAL SIGNATURE names: `80` the current one,
    /// `80|sfi` another, which becomes current.
    fn ef_of_p2(&mut self, p2: u8) -> Result<Ef, StatusWord> {
        match p2 {
            0x80 => self.current_ef.ok_or(StatusWord::NO_CURRENT_EF),
            0x81..=0x9E => self.ef_of_short_identifier(p2 & 0x1F),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    /// The EF of a short identifier, which becomes current.
    fn ef_of_short_identifier(&mut self, id: u8) -> Result<Ef, StatusWord> {
        if self.image.variant() == Variant::Short {
            return Err(StatusWord::WRONG_P1_P2);
        }
        self.make_current(u16::from(id))
    }

    /// Makes an EF of the current application the current EF.
    fn make_current(&mut self, id: u16) -> Result<Ef, StatusWord> {
        // The card manager has no EF that could be read (card.md 3.0).
        let application = self.application.ok_or(StatusWord::NOT_FOUND)?;
        let ef = Ef { application, id };
        self.contents(ef)?;
        self.set_current_ef(Some(ef));
        Ok(ef)
    }

    /// A chain of certificates begins anew whenever an EF becomes current, even the same.
    fn set_current_ef(&mut self, ef: Option<Ef>) {
        self.current_ef = ef;
        self.chain = Chain::default();
    }

    fn contents(&self, ef: Ef) -> Result<&Contents, StatusWord> {
        self.image.contents(ef).ok_or(StatusWord::NOT_FOUND)
    }

    /// Refuses unless what guards the EF was presented.
    fn demand_access(&self, ef: Ef) -> Result<(), StatusWord> {
        if self.is_open(ef) { Ok(()) } else { Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED) }
    }

    fn is_verified(&self, pin: Ef) -> bool {
        self.is_opened || self.verified.contains(&pin)
    }

    fn is_open(&self, ef: Ef) -> bool {
        let verified = |id| self.is_verified(Ef { id, ..ef });
        match ef.application.access(ef.id) {
            Access::Free => true,
            Access::AfterAnyOf(pins) => pins.iter().copied().any(verified),
            Access::AfterPinOrTerminal(pin) => verified(pin),
        }
    }
}

/// Class of command by CLA (ISO/IEC 7816-4:2020, 5.4.1). The proprietary class is built like the
/// first interindustry one.
fn class(cla: u8) -> Result<Class, StatusWord> {
    match cla {
        0x00 => Ok(Class::Interindustry),
        0x80 => Ok(Class::Proprietary),
        // The logical channels 4 to 19.
        0x40..=0x7F => Err(StatusWord::LOGICAL_CHANNEL_NOT_SUPPORTED),
        0x20..=0x3F | 0xA0..=0xFF => Err(StatusWord::CLA_NOT_SUPPORTED),
        _ if cla & 0x03 != 0 => Err(StatusWord::LOGICAL_CHANNEL_NOT_SUPPORTED),
        // One application of the card knows secure messaging (card.md 4.7); this is not emulated.
        _ if cla & 0x0C != 0 => Err(SECURE_MESSAGING_NOT_SUPPORTED),
        _ => Err(COMMAND_CHAINING_NOT_SUPPORTED),
    }
}
