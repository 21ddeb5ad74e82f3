//! Writes `vectors/certificates`, and the card image that holds the good ones, from the keys in
//! `vectors/keys`. Running it again gives the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kazashi_emulator::folder;
use rsa::RsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use x509_cert::ext::pkix::KeyUsages;

use crate::jpki::{Authority, EndEntity, Hierarchy};

mod image;
mod jpki;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let pem = |name: &str| -> Result<String> {
        Ok(fs::read_to_string(root.join("vectors/keys").join(name))?)
    };

    let certificates = certificates(|name| Ok(RsaPrivateKey::from_pkcs8_pem(&pem(name)?)?))?;
    for (name, der) in &certificates {
        fs::write(root.join("vectors/certificates").join(name), der)?;
    }
    folder::write(root.join("emulator/images/normal"), &image::normal(&certificates, pem)?)?;
    Ok(())
}

fn certificates(
    key: impl Fn(&str) -> Result<RsaPrivateKey>,
) -> Result<BTreeMap<&'static str, Vec<u8>>> {
    let user_authentication_ca = Authority::new(
        jpki::USER_AUTHENTICATION,
        &[0x21, 0x80, 0x01],
        key("user-authentication-ca.pem")?,
    )?;
    let digital_signature_ca = Authority::new(
        jpki::DIGITAL_SIGNATURE,
        &[0x1E, 0xA0, 0x01],
        key("digital-signature-ca.pem")?,
    )?;
    let foreign_ca = Authority::new(
        Hierarchy { organization: "ELSEWHERE", ..jpki::USER_AUTHENTICATION },
        &[0x01],
        key("foreign-ca.pem")?,
    )?;
    let same_name_foreign_ca =
        Authority::new(jpki::USER_AUTHENTICATION, &[0x21, 0x80, 0x01], key("foreign-ca.pem")?)?;

    let user_authentication_key = key("user-authentication.pem")?;
    let user_authentication = EndEntity {
        serial: &[0x22, 0x70, 0x01],
        subject: jpki::user_authentication_subject()?,
        key: &user_authentication_key,
        not_before: (2025, 4, 2, 1, 23, 45),
        not_after: (2045, 2, 17, 14, 59, 59),
        key_usage: KeyUsages::DigitalSignature.into(),
        client_auth: true,
        policy: jpki::USER_AUTHENTICATION_POLICY,
        subject_alt_names: Vec::new(),
        ocsp: true,
        further: Vec::new(),
    };
    let digital_signature_key = key("digital-signature.pem")?;
    let digital_signature = EndEntity {
        serial: &[0x1E, 0x60, 0x01],
        subject: jpki::digital_signature_subject()?,
        key: &digital_signature_key,
        key_usage: KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
        client_auth: false,
        policy: jpki::DIGITAL_SIGNATURE_POLICY,
        subject_alt_names: jpki::holder()?,
        ocsp: false,
        ..user_authentication.clone()
    };

    // Each of these differs in one thing from a user authentication certificate that is in order.
    let expired = EndEntity { not_after: (2025, 4, 30, 14, 59, 59), ..user_authentication.clone() };
    let not_yet_valid =
        EndEntity { not_before: (2044, 12, 31, 15, 0, 0), ..user_authentication.clone() };
    let wrong_policy =
        EndEntity { policy: jpki::DIGITAL_SIGNATURE_POLICY, ..user_authentication.clone() };
    let wrong_key_usage =
        EndEntity { key_usage: KeyUsages::KeyEncipherment.into(), ..user_authentication.clone() };
    let without_client_auth = EndEntity { client_auth: false, ..user_authentication.clone() };
    let unknown_critical_extension = EndEntity {
        further: vec![jpki::unknown_critical_extension()?],
        ..user_authentication.clone()
    };

    Ok(BTreeMap::from([
        ("user-authentication-ca.der", user_authentication_ca.certificate()?),
        ("digital-signature-ca.der", digital_signature_ca.certificate()?),
        ("foreign-ca.der", foreign_ca.certificate()?),
        ("same-name-foreign-ca.der", same_name_foreign_ca.certificate()?),
        ("user-authentication.der", user_authentication_ca.issue(user_authentication.clone())?),
        ("digital-signature.der", digital_signature_ca.issue(digital_signature)?),
        ("expired.der", user_authentication_ca.issue(expired)?),
        ("not-yet-valid.der", user_authentication_ca.issue(not_yet_valid)?),
        ("wrong-policy.der", user_authentication_ca.issue(wrong_policy)?),
        ("wrong-key-usage.der", user_authentication_ca.issue(wrong_key_usage)?),
        ("without-client-auth.der", user_authentication_ca.issue(without_client_auth)?),
        (
            "unknown-critical-extension.der",
            user_authentication_ca.issue(unknown_critical_extension)?,
        ),
        ("issued-by-foreign-ca.der", foreign_ca.issue(user_authentication.clone())?),
        ("issued-by-same-name-foreign-ca.der", same_name_foreign_ca.issue(user_authentication)?),
    ]))
}
