//! The names of JPKI's authorities. All generations of an authority share one.

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

/// What an authority issues certificates for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    UserAuthentication,
    DigitalSignature,
}

/// Reads the name of one of JPKI's authorities.
pub(super) fn parse(name: &X509Name<'_>) -> Option<(Hierarchy, Purpose)> {
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
    Some((hierarchy, purpose))
}
