//! The roots of card-verifiable certificates as in `roots.toml`, which says where they come from.
//! Tables, so that no WebAssembly module carries a TOML parser.
//!
//! Each application has its own: a key under one signs no records of the other.

use kazashi_core::codec::Hex;

use crate::{CvKey, KeyIdentifier};

/// An identifier and a modulus.
type Root = (&'static str, &'static str);

const CARD_SURFACE: [Root; 2] = [
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

const CARD_INFORMATION: [Root; 2] = [
    (
        "35303030303333080530303100000000",
        "\
         d24615f63525e740c87e83ed64787e76d10a1f8652ebe1ea28934d35ce3bf07716f5b79e2bcb2ae2b91b4f\
         4c9ffb602497f596d659af9d0a14b45cdd738ef56249349b8cc7db32f2d433bd39bcc44f503e881d56c149\
         ecd5155c1ce7461fc3ac4f55d0a39ccaaadfae5b8afa11ccf91bedc774023d11ca6eba99004f81c541a7d6\
         7dded8c724d6e20b10a3deaae8c43c137ccd71b263740e8979752de4d5676329cabcbd7f3a77fc48a6f8e6\
         1d399b4ac66684a9fdfc99ecef900dd6ff7f0fdd39e23d163f8a468c62dbeae00906dfad5a89b45ca5b735\
         3dc998a80d3803eda794b55f99f535d1c39a243c8352ad602d926c389d2816c941349ee24e4f41597f",
    ),
    (
        "36303030303333080530303100000000",
        "\
         b1fe36bd147bf41b2011b9156867c4118b05ae47d691cdb4a4467f4949afdd71e28e12b5c61e68f00b639a\
         6ccbcf44798761c7700a81f666c67831433b742a2c1126942601e25371b2b93631067d466f201eaf31393b\
         1bd6a47589fb57b3189735a27a24583fde2bf26c2a34d8645fe0e6e2fe901612cef8c740c228289af6d457\
         aca3b1aa2f9ebb56da3591c30830b8afe2a1ca99951e670b9e9c0b40ebdbec212f9400e5aaf5c2b5107de3\
         4ab6bc66425a86d731a392e81001dea1ce565981be158256ae05598a2b8bfb04c1b66ee2008e019fb1b2ba\
         3785e0ca78ca31ea5f09b4d550577dbf12a747abd5e1c450c0750df965f53ea08bbf12e40a4057c74d",
    ),
];

pub(super) fn card_surface() -> Vec<CvKey> {
    keys(&CARD_SURFACE)
}

pub(super) fn card_information() -> Vec<CvKey> {
    keys(&CARD_INFORMATION)
}

fn keys(roots: &[Root]) -> Vec<CvKey> {
    let key = |&(identifier, modulus): &Root| {
        let identifier = KeyIdentifier::from_hexadecimal(identifier).ok()?;
        CvKey::from_modulus(identifier, Hex::decode(modulus).ok()?.as_bytes())
    };
    roots.iter().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{CARD_INFORMATION, CARD_SURFACE, card_information, card_surface};
    use crate::CvKey;

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
    fn the_tables_are_what_roots_toml_says() {
        let Roots { cv } = toml::from_str(include_str!("../../roots.toml")).unwrap();
        for (application, table) in
            [("card-surface", CARD_SURFACE), ("card-info", CARD_INFORMATION)]
        {
            let roots: Vec<_> = cv
                .iter()
                .filter(|root| root.application == application)
                .inspect(|root| assert_eq!(root.exponent, 65537))
                .map(|root| (root.key_id.as_str(), root.modulus.as_str()))
                .collect();
            assert_eq!(roots, table, "{application}");
        }
    }

    #[test]
    fn one_root_is_for_production_and_one_for_tests() {
        let names = |roots: Vec<CvKey>| {
            roots.iter().map(|root| root.identifier().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(card_surface()), ["5000023/001", "6000023/001"]);
        assert_eq!(names(card_information()), ["5000033/001", "6000033/001"]);
    }
}
