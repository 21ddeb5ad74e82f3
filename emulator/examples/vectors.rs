//! Writes `vectors/certificates`, `vectors/cv-certificates` (with the public keys that verifiers of
//! these cards take for roots) and the card images from the keys in `vectors/keys`. Running it again
//! gives the same bytes.

use std::error::Error;
use std::fs;
use std::path::Path;

use kazashi_core::value::KeyIdentifier;
use kazashi_emulator::issue::{
    Authority, CardKeys, CvKey, DIGITAL_SIGNATURE_POLICY, EndEntity, Hierarchy, Holder,
    key_identifier,
};
use kazashi_emulator::{Application, Contents, Ef, Image, Variant, folder};
use rsa::RsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use x509_cert::der::asn1::{Null, ObjectIdentifier, OctetString};
use x509_cert::der::{DateTime, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::KeyUsages;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let key = |name: &str| -> Result<RsaPrivateKey> {
        let pem = fs::read_to_string(root.join("vectors/keys").join(name))?;
        Ok(RsaPrivateKey::from_pkcs8_pem(&pem)?)
    };
    let cv_key = |identifier, name| -> Result<CvKey> { Ok(CvKey::new(identifier, key(name)?)) };
    let card_surface_records =
        cv_key(key_identifier::CARD_SURFACE_RECORDS, "card-surface-records.pem")?;
    let card_information_records =
        cv_key(key_identifier::CARD_INFORMATION_RECORDS, "card-info-records.pem")?;
    let hierarchy = Hierarchy {
        user_authentication: Authority::user_authentication(key("user-authentication-ca.pem")?)?,
        digital_signature: Authority::digital_signature(key("digital-signature-ca.pem")?)?,
        card_surface: cv_key(key_identifier::CARD_SURFACE_AUTHORITY, "card-surface-authority.pem")?,
        card_surface_records: card_surface_records.clone(),
        card_information: cv_key(
            key_identifier::CARD_INFORMATION_AUTHORITY,
            "card-info-authority.pem",
        )?,
        card_information_records: card_information_records.clone(),
        terminal: cv_key(key_identifier::TERMINAL_AUTHORITY, "terminal-authority.pem")?,
    };
    let same_name_foreign = Hierarchy {
        user_authentication: Authority::user_authentication(key("foreign-ca.pem")?)?,
        digital_signature: Authority::digital_signature(key("foreign-ca.pem")?)?,
        card_surface: cv_key(key_identifier::CARD_SURFACE_AUTHORITY, "foreign-ca.pem")?,
        card_surface_records,
        card_information: cv_key(key_identifier::CARD_INFORMATION_AUTHORITY, "foreign-ca.pem")?,
        card_information_records,
        terminal: cv_key(key_identifier::TERMINAL_AUTHORITY, "foreign-ca.pem")?,
    };
    let foreign_ca = Authority::foreign(key("foreign-ca.pem")?)?;
    let user_key = key("user-authentication.pem")?;
    let signature_key = key("digital-signature.pem")?;

    let certificates = certificates(&hierarchy, &same_name_foreign, &foreign_ca, &user_key)?;
    let digital_signature = EndEntity::digital_signature(&Holder::HANAKO, &signature_key)?;
    let digital_signature =
        ("digital-signature.der", hierarchy.digital_signature.issue(&digital_signature)?);
    for (name, der) in certificates.into_iter().chain([digital_signature]) {
        fs::write(root.join("vectors/certificates").join(name), der)?;
    }

    let hanako =
        CardKeys::new(user_key, signature_key, key("card-surface.pem")?, key("card-info.pem")?)?;
    let taro = CardKeys::new(
        key("user-authentication-2.pem")?,
        key("digital-signature-2.pem")?,
        key("card-surface-2.pem")?,
        key("card-info-2.pem")?,
    )?;
    let images = Variant::ALL.map(|variant| match variant {
        Variant::AnotherPerson => hierarchy.card(variant, &Holder::TARO, &taro),
        Variant::ForeignRoot => same_name_foreign.card(variant, &Holder::HANAKO, &hanako),
        _ => hierarchy.card(variant, &Holder::HANAKO, &hanako),
    });
    for image in images {
        let image = image?;
        folder::write(root.join("emulator/images").join(image.variant().name()), &image)?;
    }

    let intermediate = cv_key(key_identifier::TERMINAL_INTERMEDIATE, "terminal-intermediate.pem")?;
    let terminal = cv_key(key_identifier::TERMINAL, "terminal.pem")?;
    let cv_certificates =
        cv_certificates(&hierarchy, &same_name_foreign, &intermediate, &terminal)?;
    // Its date and its key are those of the good one; it is signed by nobody whom a card knows.
    let forger = Hierarchy {
        card_surface_records: cv_key(key_identifier::CARD_SURFACE_RECORDS, "foreign-ca.pem")?,
        ..hierarchy.clone()
    };
    let age_records = [("age-record.bin", &hierarchy), ("forged-age-record.bin", &forger)];
    for (name, hierarchy) in age_records {
        let image = hierarchy.card(Variant::Normal, &Holder::HANAKO, &hanako)?;
        fs::write(root.join("vectors/cv-certificates").join(name), age_record(&image)?)?;
    }
    for (name, certificate) in cv_certificates {
        fs::write(root.join("vectors/cv-certificates").join(name), certificate)?;
    }
    for (name, authority) in [
        ("card-surface-authority.pem", &hierarchy.card_surface),
        ("card-info-authority.pem", &hierarchy.card_information),
    ] {
        fs::write(root.join("vectors/cv-certificates").join(name), authority.to_public_key_pem()?)?;
    }
    Ok(())
}

fn cv_certificates(
    hierarchy: &Hierarchy,
    foreign: &Hierarchy,
    intermediate: &CvKey,
    terminal: &CvKey,
) -> Result<[(&'static str, Vec<u8>); 10]> {
    // The same key under another name.
    let renamed = |key: &CvKey, identifier| CvKey::new(identifier, key.private_key().clone());
    let production = KeyIdentifier::from_bytes(b"5000023\x08\x05001\0\0\0\0")?;
    let impostor = renamed(&foreign.terminal, key_identifier::TERMINAL_INTERMEDIATE);
    let misnamed = renamed(intermediate, key_identifier::TERMINAL_AUTHORITY);
    let records = &hierarchy.card_surface_records;
    Ok([
        ("card-surface.cv", hierarchy.card_surface.certify(records)),
        ("foreign-card-surface.cv", foreign.card_surface.certify(records)),
        (
            "production-card-surface.cv",
            renamed(&hierarchy.card_surface, production).certify(records),
        ),
        ("card-info.cv", hierarchy.card_information.certify(&hierarchy.card_information_records)),
        (
            "foreign-card-info.cv",
            foreign.card_information.certify(&hierarchy.card_information_records),
        ),
        ("terminal-intermediate.cv", hierarchy.terminal.certify(intermediate)),
        ("foreign-terminal-intermediate.cv", foreign.terminal.certify(intermediate)),
        ("terminal.cv", intermediate.certify(terminal)),
        ("foreign-terminal.cv", impostor.certify(terminal)),
        ("misnamed-issuer-terminal.cv", misnamed.certify(terminal)),
    ])
}

fn age_record(image: &Image) -> Result<&[u8]> {
    match image.contents(Ef { application: Application::CardSurface, id: 0x0001 }) {
        Some(Contents::Transparent(bytes)) => Ok(bytes),
        _ => Err("the card has no age record".into()),
    }
}

fn certificates(
    hierarchy: &Hierarchy,
    same_name_foreign: &Hierarchy,
    foreign_ca: &Authority,
    key: &RsaPrivateKey,
) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let ca = &hierarchy.user_authentication;
    let good = EndEntity::user_authentication(&Holder::HANAKO, key)?;
    // Each of these differs in one thing from a user authentication certificate that is in order.
    let but = |change: &dyn Fn(&mut EndEntity)| {
        let mut entity = good.clone();
        change(&mut entity);
        ca.issue(&entity)
    };
    let past = DateTime::new(2025, 4, 30, 14, 59, 59)?;
    let future = DateTime::new(2044, 12, 31, 15, 0, 0)?;
    // Critical, and known to no verifier.
    let unknown = Extension {
        extn_id: ObjectIdentifier::new("1.2.392.200149.8.5.999")?,
        critical: true,
        extn_value: OctetString::new(Null.to_der()?)?,
    };
    Ok(vec![
        ("user-authentication-ca.der", ca.certificate()?),
        ("digital-signature-ca.der", hierarchy.digital_signature.certificate()?),
        ("foreign-ca.der", foreign_ca.certificate()?),
        ("same-name-foreign-ca.der", same_name_foreign.user_authentication.certificate()?),
        ("user-authentication.der", ca.issue(&good)?),
        ("expired.der", but(&|entity| entity.not_after = past)?),
        ("not-yet-valid.der", but(&|entity| entity.not_before = future)?),
        ("wrong-policy.der", but(&|entity| entity.policy = DIGITAL_SIGNATURE_POLICY)?),
        (
            "wrong-key-usage.der",
            but(&|entity| entity.key_usage = KeyUsages::KeyEncipherment.into())?,
        ),
        ("without-client-auth.der", but(&|entity| entity.client_auth = false)?),
        ("unknown-critical-extension.der", but(&|entity| entity.further.push(unknown.clone()))?),
        ("issued-by-foreign-ca.der", foreign_ca.issue(&good)?),
        ("issued-by-same-name-foreign-ca.der", same_name_foreign.user_authentication.issue(&good)?),
    ])
}
