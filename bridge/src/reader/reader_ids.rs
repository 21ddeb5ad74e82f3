use std::fmt;

use hmac::{Hmac, Mac};
use kazashi_core::codec::Hex;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::access::Origin;

/// Identifiers under which pages know readers: the same whenever this bridge serves an origin, and
/// another for each origin, so that they tell no two sites that this is one workstation.
pub(crate) struct ReaderIds(Zeroizing<[u8; 32]>);

impl ReaderIds {
    /// By a key that only this bridge has.
    pub(crate) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The identifier of a reader for pages of this origin: half of an HMAC-SHA256, in hexadecimal.
    pub(crate) fn of(&self, reader: &str, origin: &Origin) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("HMAC takes any key");
        mac.update(&Sha256::digest(reader));
        mac.update(origin.as_str().as_bytes());
        let code: [u8; 32] = mac.finalize().into_bytes().into();
        let (half, _) = code.split_at(16);
        Hex::from(half).to_string()
    }
}

impl fmt::Debug for ReaderIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReaderIds")
    }
}

#[cfg(test)]
mod tests {
    use super::ReaderIds;
    use crate::access::Origin;

    #[test]
    fn a_reader_has_another_identifier_for_each_origin_and_each_bridge() {
        let origin = |text| Origin::parse(text, false).unwrap();
        let [here, there] = ["https://portal.example", "https://other.example"].map(origin);
        let [one, other] = [1, 2].map(|key| ReaderIds::new([key; 32].into()));
        let id = one.of("0 Reader", &here);
        assert_eq!(id, one.of("0 Reader", &here));
        assert_eq!(id.len(), 32);
        for another in
            [one.of("0 Reader", &there), one.of("1 Reader", &here), other.of("0 Reader", &here)]
        {
            assert_ne!(id, another);
        }
    }
}
