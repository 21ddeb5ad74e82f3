//! Flows, each to the end of its transcripts.

use std::collections::BTreeSet;
use std::fs;

use crate::vectors::folder;

mod card_information;
mod card_surface;
mod jpki;
mod terminal;

#[test]
fn every_transcript_has_a_test() {
    let files = fs::read_dir(folder().join("transcripts")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: BTreeSet<_> =
        names.map(|name| name.strip_suffix(".txt").unwrap().to_owned()).collect();
    let played = [
        card_information::TRANSCRIPTS,
        card_surface::TRANSCRIPTS,
        jpki::TRANSCRIPTS,
        terminal::TRANSCRIPTS,
    ];
    assert_eq!(names, played.concat().into_iter().map(str::to_owned).collect());
}
