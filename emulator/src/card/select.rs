use kazashi_core::codec::apdu::{CommandApdu, StatusWord};
use kazashi_core::codec::tlv::{self, Tag};

use super::Card;
use crate::Application;

/// The issuer security domain of GlobalPlatform, which is current after a reset.
const CARD_MANAGER_AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];

const FCI_TEMPLATE: Tag = Tag(0x6F);
const DF_NAME: Tag = Tag(0x84);

impl Card {
    /// SELECT (ISO/IEC 7816-4:2020, 11.2.2; card.md 2).
    pub(super) fn select(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        match (command.p1(), command.p2()) {
            (0x04, 0x00 | 0x0C) => self.select_application(command),
            (0x02, 0x0C) => self.select_ef(command.data()),
            (0x00, 0x00 | 0x0C) => self.select_master_file(command.data()),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    fn select_application(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        let (aid, application) = self.application_named(command.data())?;
        // Another application forgets what was presented to this one; the same does not.
        self.verified.retain(|pin| Some(pin.application) == application);
        if application != self.application {
            self.permitted = None;
        }
        self.application = application;
        self.set_current_ef(None);

        let wants_fci = command.p2() == 0x00 && command.ne() > 0;
        // What else the card puts into its FCI is not public.
        Ok(if wants_fci { tlv::write(FCI_TEMPLATE, &tlv::write(DF_NAME, aid)) } else { Vec::new() })
    }

    fn application_named(
        &self,
        name: &[u8],
    ) -> Result<(&'static [u8], Option<Application>), StatusWord> {
        if !(5..=16).contains(&name.len()) {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let applications = Application::ALL.into_iter().filter(|&ap| self.image.has(ap));
        let named = applications.map(|application| (application.aid(), Some(application)));
        std::iter::once((&CARD_MANAGER_AID[..], None))
            .chain(named)
            // The first whose name begins so. JICSAP allows the partial name; whether the card does
            // is not known.
            .find(|(aid, _)| aid.starts_with(name))
            .ok_or(StatusWord::NOT_FOUND)
    }

    fn select_ef(&mut self, id: &[u8]) -> Result<Vec<u8>, StatusWord> {
        let &[high, low] = id else { return Err(StatusWord::WRONG_LENGTH) };
        self.make_current(u16::from_be_bytes([high, low]))?;
        Ok(Vec::new())
    }

    /// Within an application this is accepted and changes nothing; there is no master file.
    fn select_master_file(&self, id: &[u8]) -> Result<Vec<u8>, StatusWord> {
        match (id, self.application) {
            ([], Some(_)) => Ok(Vec::new()),
            ([], None) => Err(StatusWord::WRONG_P1_P2),
            _ => Err(StatusWord::NOT_FOUND),
        }
    }
}
