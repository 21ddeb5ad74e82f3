//! Distinguished names (RFC 5280, 4.1.2.4), as far as JPKI fills them.

use std::fmt;

use x509_parser::oid_registry::{
    OID_X509_COMMON_NAME, OID_X509_COUNTRY_NAME, OID_X509_LOCALITY_NAME,
    OID_X509_ORGANIZATION_NAME, OID_X509_ORGANIZATIONAL_UNIT, Oid,
};
use x509_parser::x509::X509Name;

/// The name of an issuer or a subject. Attributes that JPKI does not use are left out.
///
/// A holder's common name tells people apart: `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct DistinguishedName {
    country: Option<Box<str>>,
    organization: Option<Box<str>>,
    organizational_units: Vec<Box<str>>,
    localities: Vec<Box<str>>,
    common_name: Option<Box<str>>,
}

impl DistinguishedName {
    pub(super) fn new(name: &X509Name<'_>) -> Self {
        let values = |oid: Oid<'static>| -> Vec<Box<str>> {
            name.iter_by_oid(&oid).filter_map(|value| Some(value.as_str().ok()?.into())).collect()
        };
        let value = |oid| values(oid).into_iter().next();
        Self {
            country: value(OID_X509_COUNTRY_NAME),
            organization: value(OID_X509_ORGANIZATION_NAME),
            organizational_units: values(OID_X509_ORGANIZATIONAL_UNIT),
            localities: values(OID_X509_LOCALITY_NAME),
            common_name: value(OID_X509_COMMON_NAME),
        }
    }

    /// C: `JP`.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// O: for an authority the hierarchy, `JPKI` or `JPKI-TEST`.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        self.organization.as_deref()
    }

    /// OU: for an authority what it issues certificates for, and the agency that runs it.
    pub fn organizational_units(&self) -> impl Iterator<Item = &str> {
        self.organizational_units.iter().map(AsRef::as_ref)
    }

    /// L: in a digital signature certificate prefecture and municipality, in Latin letters.
    pub fn localities(&self) -> impl Iterator<Item = &str> {
        self.localities.iter().map(AsRef::as_ref)
    }

    /// CN: a number that JPKI gave to the holder's certificate.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DistinguishedName")
    }
}
