//! A desk of virtual cards in place of a reader, with the dialog for PINs in its page, and the
//! bridge on that desk.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Server;
use crate::shell::{built, output, root};

pub(super) const PORT: u16 = 8081;

/// What is built for it.
pub(super) const PACKAGES: [&str; 3] =
    ["kazashi-bridge", "kazashi-emulator", "kazashi-virtual-desk"];

/// The cards of the desk, all but one of one hierarchy.
const CARDS: [&str; 6] =
    ["normal", "another-person", "without-pins", "blocked", "expired", "foreign-root"];

/// Starts both, with the first of the cards on the reader. The page at this port may do what these
/// scopes say.
pub(super) fn start(folder: &Path, page_port: u16, scopes: &[&str]) -> Result<Vec<Server>> {
    let images = folder.join("cards");
    for card in CARDS {
        let mut new = Command::new(built("kazashi-emulator"));
        output(new.arg("new").arg(images.join(card)).args(["--variant", card]))?;
    }
    let dialog = folder.join("dialog.socket");
    let mut desk = Command::new(built("kazashi-virtual-desk"));
    desk.arg("--cards").arg(&images).arg("--dialog").arg(&dialog);
    desk.args(["--port", &PORT.to_string()]);
    desk.arg("--page").arg(format!("http://127.0.0.1:{page_port}/"));
    let mut desk = Server::start(&mut desk)?;

    let config = folder.join("bridge.toml");
    fs::write(&config, bridge_config(page_port, scopes))?;
    let mut bridge = Command::new(built("kazashi-bridge"));
    bridge.args(["serve", "--allow-root", "--dev", "--config"]).arg(config);
    bridge.arg("--state").arg(folder).arg("--virtual-card").arg(images.join(CARDS[0]));
    bridge.env("KAZASHI_VIRTUAL_DESK", &dialog).stdin(desk.take_output());
    let bridge = Server::start(&mut bridge)?;
    Ok(vec![desk, bridge])
}

fn bridge_config(page_port: u16, scopes: &[&str]) -> String {
    let pinentry = built("kazashi-virtual-pinentry");
    let card_info = root().join("vectors/cv-certificates/card-info-authority.pem");
    format!(
        "pinentry = {pinentry:?}\n\
         [[origin]]\n\
         origin = \"http://127.0.0.1:{page_port}\"\n\
         scopes = {scopes:?}\n\
         [[card-root]]\n\
         identifier = \"39303030303333080530303100000000\"\n\
         key = {card_info:?}\n"
    )
}
