//! Distinguished names (RFC 5280, 4.1.2.4), as far as JPKI fills them.

use std::fmt;

use x509_parser::oid_registry::{
    OID_X509_COMMON_NAME, OID_X509_COUNTRY_NAME, OID_X509_LOCALITY_NAME,
    OID_X509_ORGANIZATION_NAME, OID_X509_ORGANIZATIONAL_UNIT,
};
use x509_parser::x509::X509Name;

/// The name of an issuer or a subject. Attributes that JPKI does not use are left out.
///
/// A holder's common name tells people apart: `Debug` shows nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DistinguishedName {
    country: Vec<Box<str>>,
    organization: Vec<Box<str>>,
    organizational_units: Vec<Box<str>>,
    localities: Vec<Box<str>>,
    common_name: Vec<Box<str>>,
}

impl DistinguishedName {
    pub(super) fn new(name: &X509Name<'_>) -> Self {
        let mut read = Self::default();
        for attribute in name.iter_attributes() {
            let Ok(value) = attribute.as_str() else { continue };
            let values = match attribute.attr_type() {
                oid if *oid == OID_X509_COUNTRY_NAME => &mut read.country,
                oid if *oid == OID_X509_ORGANIZATION_NAME => &mut read.organization,
                oid if *oid == OID_X509_ORGANIZATIONAL_UNIT => &mut read.organizational_units,
                oid if *oid == OID_X509_LOCALITY_NAME => &mut read.localities,
                oid if *oid == OID_X509_COMMON_NAME => &mut read.common_name,
                _ => continue,
            };
            values.push(value.into());
        }
        read
    }

    /// C: `JP`.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.first().map(AsRef::as_ref)
    }

    /// O: for an authority the hierarchy, `JPKI` or `JPKI-TEST`.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        self.organization.first().map(AsRef::as_ref)
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
        self.common_name.first().map(AsRef::as_ref)
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DistinguishedName")
    }
}
