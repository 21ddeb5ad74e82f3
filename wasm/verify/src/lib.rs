//! kazashi-verify for Node.
