//! The CA certificates of JPKI by their SHA-256 fingerprints, as in `roots.toml`, which says where
//! they come from. A table, so that no WebAssembly module carries a TOML parser.

use crate::Hierarchy;

const PRODUCTION: [&str; 6] = [
    "4dcfc4ca0aaf9fb2a3081b3f0c991c320b3acc008667a341eeaec5af1d58ca7d",
    "0d98de47fc11b7f67126874b7028b6026a803d2638d6edfe53176953961fade6",
    "64114f29620c24ed2631d46476a040e7ee740d956089c00b036a6a8118c322b5",
    "19645405a1fe14377434bd55957628ac4038557c542403a2243f21c706fc9355",
    "79679c33e4cc9319440f1ad120a597ff1844e2ef217063adb176966fd5e6fbeb",
    "d227f6cde11d35c5252178f106f843d24651944975413b539fa2fb68dbfa365f",
];

const TEST: [&str; 4] = [
    "b6de0ff5a384f5af0242a6ca854dee57ee2cad97b341f18b914948fd8e638706",
    "5a0e7d690c718fadebc7fb6eff66a6dd623458debc1aa6fb1778bfe157cbeb25",
    "7bdbdf2652a15e6d458efc143b7201242e1162416251d0903060fa7c642465cc",
    "8126df7dd2db230bd8ee48caa40fc3417dde3607050ed34973d8d3cf267fe723",
];

/// The hierarchy of the CA certificate with this fingerprint, in lower case hexadecimal.
pub(super) fn hierarchy(fingerprint: &str) -> Option<Hierarchy> {
    match fingerprint {
        fingerprint if PRODUCTION.contains(&fingerprint) => Some(Hierarchy::Production),
        fingerprint if TEST.contains(&fingerprint) => Some(Hierarchy::Test),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{PRODUCTION, TEST};

    #[derive(Deserialize)]
    struct Roots {
        x509: Vec<Root>,
    }

    #[derive(Deserialize)]
    struct Root {
        environment: String,
        sha256: String,
    }

    #[test]
    fn the_table_is_what_roots_toml_says() {
        let Roots { x509 } = toml::from_str(include_str!("../../roots.toml")).unwrap();
        let of = |environment| -> Vec<_> {
            let roots = x509.iter().filter(|root| root.environment == environment);
            roots.map(|root| root.sha256.as_str()).collect()
        };
        assert_eq!(of("production"), PRODUCTION);
        assert_eq!(of("test"), TEST);
        assert_eq!(x509.len(), PRODUCTION.len() + TEST.len());
    }
}
