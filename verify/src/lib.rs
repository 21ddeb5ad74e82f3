//! Verifies tokens and certificates of the My Number Card.
