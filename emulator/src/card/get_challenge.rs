use kazashi_core::codec::apdu::{CommandApdu, StatusWord};
use rand_core::CryptoRngCore;

use super::Card;
use crate::Deed;

impl Card {
    /// GET CHALLENGE (ISO/IEC 7816-4:2020, 11.6.3; card.md 4.4): 1 to 256 bytes, anywhere.
    pub(super) fn get_challenge(
        &mut self,
        command: &CommandApdu,
        random: &mut dyn CryptoRngCore,
    ) -> Result<Vec<u8>, StatusWord> {
        if (command.p1(), command.p2()) != (0x00, 0x00) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        if !command.data().is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        // Sources disagree on extended length fields; only more than 256 bytes is refused by all.
        let length = match usize::try_from(command.ne()) {
            Ok(0) => return Err(StatusWord::WRONG_LENGTH),
            Ok(length @ 1..=256) => length,
            _ => return Err(StatusWord::CONDITIONS_NOT_SATISFIED),
        };
        let mut challenge = vec![0; length];
        random.fill_bytes(&mut challenge);
        // One of another length is for something else, and the one before it is over.
        self.challenge = challenge.as_slice().try_into().ok();
        self.deed = Some(Deed::ChallengeGiven);
        Ok(challenge)
    }
}
