//! A software My Number Card.
