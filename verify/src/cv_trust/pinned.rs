//! The roots of the card surface as in `roots.toml`, which says where they come from. A table, so
//! that no WebAssembly module carries a TOML parser.
//!
//! Those of other applications are left out: a key under them signs other records than the card
//! surface's.

use crate::{CvKey, KeyIdentifier, hexadecimal};

/// Identifiers and moduli.
const ROOTS: [(&str, &str); 2] = [
    (
        "35303030303233080530303100000000",
        "\
         b2f740f0ad86d17cf3f537d23b4b3c65a3cb58474d857f55d0b9bc0411b1cb0849068de332a50d63b3e692\
         1c9ccbe6156496efb04be8ffcc74fde9a228a36ad7edce9793204e35973dc911108365002c40169e0b6001\
         8dfb99e1e2310d9a110ff0fc269f1f220c63b8a1510de5a6898220c78908fc280d8aa95d5d113b7cf00700\
         f3ff5ad8b3d6ad2eb53c7d563498b4a938deffc9bda32bf4146c1b07ef870d99eb35de5d70ac1871587427\
         7a13151d217d04d42e97923923a40fbc7d06faa8338ccbe876620f9b8ef4471cd4b9e29d4ea621e0fb8f1d\
         c04b487210097dbaaf3d8e0550c76a5b97cf202fa47c7a2622f1c084e65c13d13b8e7ab226f5f51f87",
    ),
    (
        "36303030303233080530303100000000",
        "\
         e08ca1caa0e58c5df24bfd67e45b7ce4b50eff828c10568055f7e012b7212e7d2879b9e0b951e7ac5a6dc0\
         d7d3c31c223951a1e2774f398cf46602a8aec04898714981f813cb9dbd2ef9068528e9450361c00154738c\
         a4dd79d138098b91fae29a4fd750556367bb854158953af58c0e8bbf289c3a30e595fef044519e967ef068\
         6cbcf6ef6b9ed6fc2a19f800ce07e929ac11556f1073077372279ba130216fc680b7c39788c8e7534f71ee\
         b4c00c9053fbf6e92a07784f26308af78f9c18003ecbf12965bd303045b8a76391c431787ffc745cc27420\
         6616d91e81b39bb9a2db4b64c4ad47831ab06cc401f2162f30d9316c38557d4d96ed5e76db49b9092d",
    ),
];

pub(super) fn roots() -> Vec<CvKey> {
    let key = |(identifier, modulus)| {
        let identifier = KeyIdentifier::from_hexadecimal(identifier).ok()?;
        CvKey::from_modulus(identifier, &hexadecimal::decode(modulus)?)
    };
    ROOTS.into_iter().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{ROOTS, roots};

    #[derive(Deserialize)]
    struct Roots {
        cv: Vec<Root>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Root {
        application: String,
        key_id: String,
        exponent: u32,
        modulus: String,
    }

    #[test]
    fn the_table_is_what_roots_toml_says_of_the_card_surface() {
        let Roots { cv } = toml::from_str(include_str!("../../roots.toml")).unwrap();
        let of_the_card_surface = cv.iter().filter(|root| root.application == "card-surface");
        let table: Vec<_> = of_the_card_surface
            .inspect(|root| assert_eq!(root.exponent, 65537))
            .map(|root| (root.key_id.as_str(), root.modulus.as_str()))
            .collect();
        assert_eq!(table, ROOTS);
    }

    #[test]
    fn one_root_is_for_production_and_one_for_tests() {
        let names = roots().iter().map(|root| root.identifier().to_string()).collect::<Vec<_>>();
        assert_eq!(names, ["5000023/001", "6000023/001"]);
    }
}
