//! Flows of the card's applications, and what they bring back.

pub mod card_information;
pub mod card_surface;
pub mod jpki;
pub mod terminal;
