use kazashi_core::codec::apdu::{CommandApdu, StatusWord};

use super::Card;
use super::verify_certificate::{demand_form, demand_signature};
use crate::Deed;

/// The digest of a statement, and a signature.
const RESPONSE_LENGTH: usize = 32 + 256;

impl Card {
    /// EXTERNAL AUTHENTICATE (ISO/IEC 7816-4:2020, 11.6.4) in the form of JICSAP, on the current
    /// key (card.md 6.1). All else is our extension, its status words too: the terminal signs the
    /// card's challenge and the digest of a statement, and the card may then sign that statement.
    pub(super) fn external_authenticate(
        &mut self,
        command: &CommandApdu,
    ) -> Result<Vec<u8>, StatusWord> {
        if (command.p1(), command.p2()) != (0x00, 0x80) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        demand_form(command, RESPONSE_LENGTH)?;
        self.demand_public_key()?;
        let (&statement, signature) =
            command.data().split_first_chunk().ok_or(StatusWord::WRONG_LENGTH)?;

        // Whatever comes of it, the challenge is used up, and what an earlier one allowed is over.
        self.permitted = None;
        let challenge: [u8; 32] =
            self.challenge.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        let terminal = self.chain.certified.as_ref();
        let terminal = terminal.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        demand_signature(&terminal.key, &[challenge, statement].concat(), signature)?;
        self.permitted = Some(statement);
        self.deed = Some(Deed::TerminalAccepted { statement });
        Ok(Vec::new())
    }
}
