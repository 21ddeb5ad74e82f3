//! The card as its users meet it: through APDUs, image folders and the program; and the guard in
//! front of it, judged by what the card did.
#![cfg(test)] // tells clippy that the helpers are tests too

mod card_information;
mod card_surface;
mod conformance;
mod flows;
mod folder;
mod issue;
mod normal_card;
mod only_after_proof;
mod policy;
mod program;
mod session;
mod support;
mod timing;
mod variants;
