//! The card as its users meet it: through APDUs, image folders and the program.
#![cfg(test)] // tells clippy that the helpers are tests too

mod card_info;
mod card_surface;
mod commands;
mod contents;
mod flows;
mod folder;
mod issue;
mod normal_card;
mod only_after_proof;
mod program;
mod signing;
mod states;
mod terminal;
mod timing;
mod transcript;
mod variants;
mod vectors;
