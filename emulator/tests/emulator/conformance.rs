//! Commands and their answers (card.md 2 to 4, 6.1 and 8.2): a file for each command that the card
//! knows, as in `src/card`. The APDUs are written by hand.

mod any_command;
mod change_reference_data;
mod compute_digital_signature;
mod external_authenticate;
mod get_challenge;
mod get_data;
mod read_binary;
mod read_record;
mod select;
mod verify;
mod verify_certificate;
