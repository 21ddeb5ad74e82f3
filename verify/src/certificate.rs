//! Certificates of JPKI: X.509 v3 (RFC 5280), RSA with SHA-256.

mod issuer;
mod profile;
mod summary;
mod x509;

pub use issuer::Hierarchy;
pub use profile::Certificate;
pub use summary::{CertificateSummary, certificate_serial_number};

pub(crate) use x509::{Validity, X509};
