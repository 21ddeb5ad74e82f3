//! Who issued the virtual cards, and vouches for the attributes on them. Everybody knows the key.

use kazashi_core::card::card_information::AttributesReading;
use kazashi_core::wire::Integrity;
use kazashi_verify::{CvTrust, KeyIdentifier, VerifyError, verify_attributes};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};

/// Name that card-verifiable certificates have for the authority of the next key.
const AUTHORITY: &[u8; 16] = b"9000033\x08\x05001\0\0\0\0";
const AUTHORITY_KEY: &str = include_str!("../../../vectors/keys/card-info-authority.pem");

/// Whether the attributes are as they were issued, as the bridge of a developer says it.
pub(crate) fn integrity(reading: &AttributesReading) -> Integrity {
    let AttributesReading { record, integrity_record, cv_certificate, .. } = reading;
    match trust()
        .and_then(|trust| verify_attributes(record, integrity_record, cv_certificate, &trust))
    {
        Ok(_) => Integrity::Genuine,
        Err(error) => Integrity::Doubtful(error.code()),
    }
}

fn trust() -> Result<CvTrust, VerifyError> {
    let key = RsaPrivateKey::from_pkcs8_pem(AUTHORITY_KEY).expect("the key is in order");
    let key = key.to_public_key().to_public_key_der().expect("an RSA key has an encoding");
    let trust = CvTrust::pinned_card_information()
        .with_key(KeyIdentifier::from_bytes(AUTHORITY)?, key.as_bytes())?;
    Ok(trust.accepting_test_hierarchy())
}
