//! Tests that measure time or memory, each of which has the machine for itself. They come first, so
//! that they wait for nobody who has just begun.

mod accept;
mod dialogs;
mod flood;
mod load;
mod neighbours;
mod sign_in;
mod strangers;
