//! Reads a My Number Card over PC/SC.

fn main() {}
