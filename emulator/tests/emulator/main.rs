//! The card as its users meet it: through APDUs, image folders and the program.
#![cfg(test)] // tells clippy that the helpers are tests too

mod folder;
mod normal_card;
mod program;
mod signing;
mod states;
mod transcript;
mod variants;
