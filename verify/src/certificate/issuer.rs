//! The names of JPKI's authorities. All generations of an authority share one.

use kazashi_core::value::CertificateKind;
use x509_parser::oid_registry::{
    OID_X509_COUNTRY_NAME, OID_X509_ORGANIZATION_NAME, OID_X509_ORGANIZATIONAL_UNIT,
};
use x509_parser::x509::X509Name;

/// Which of JPKI's hierarchies a certificate belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "JPKI has these two")]
pub enum Hierarchy {
    /// JPKI: the cards that people carry.
    Production,
    /// JPKI-TEST: test cards, which developers obtain, and the virtual card.
    Test,
}

/// One of JPKI's authorities, whichever generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Issuer {
    pub(crate) hierarchy: Hierarchy,
    pub(crate) purpose: Purpose,
}

/// The use of the certificates that an authority issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    UserAuthentication,
    DigitalSignature,
}

impl Purpose {
    /// The kind of a certificate: the authority's own, or one that it issued to a holder.
    pub(crate) fn certificate_kind(self, is_authority: bool) -> CertificateKind {
        match (self, is_authority) {
            (Self::UserAuthentication, false) => CertificateKind::UserAuthentication,
            (Self::UserAuthentication, true) => CertificateKind::UserAuthenticationCa,
            (Self::DigitalSignature, false) => CertificateKind::DigitalSignature,
            (Self::DigitalSignature, true) => CertificateKind::DigitalSignatureCa,
        }
    }
}

/// Reads the name of one of JPKI's authorities.
pub(crate) fn parse(name: &X509Name<'_>) -> Option<Issuer> {
    let attributes = name
        .iter_attributes()
        .map(|attribute| Some((attribute.attr_type(), attribute.as_str().ok()?)))
        .collect::<Option<Vec<_>>>()?;
    let [
        (country, "JP"),
        (organization, hierarchy),
        (purpose_unit, purpose),
        (agency_unit, agency),
    ] = *attributes.as_slice()
    else {
        return None;
    };
    let in_order = *country == OID_X509_COUNTRY_NAME
        && *organization == OID_X509_ORGANIZATION_NAME
        && *purpose_unit == OID_X509_ORGANIZATIONAL_UNIT
        && *agency_unit == OID_X509_ORGANIZATIONAL_UNIT
        && agency == "Japan Agency for Local Authority Information Systems";
    if !in_order {
        return None;
    }
    let hierarchy = match hierarchy {
        "JPKI" => Hierarchy::Production,
        "JPKI-TEST" => Hierarchy::Test,
        _ => return None,
    };
    let purpose = match purpose {
        "JPKI for user authentication" => Purpose::UserAuthentication,
        "JPKI for digital signature" => Purpose::DigitalSignature,
        _ => return None,
    };
    Some(Issuer { hierarchy, purpose })
}
