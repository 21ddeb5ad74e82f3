use kazashi_core::card::terminal::TerminalCertificate;
use kazashi_verify::{CvCertificate, CvTrust};

/// Card-verifiable certificates: there is one encoding, and nobody forges a signature.
pub fn cv_certificate(bytes: &[u8]) {
    if let Ok(certificate) = CvCertificate::parse(bytes) {
        assert_eq!(certificate.encode(), bytes);
        let trusted = CvTrust::pinned().accepting_test_hierarchy().verify(&certificate);
        assert!(trusted.is_err(), "a certificate of a pinned root is not among the seeds");
    }
    if let Ok(certificate) = TerminalCertificate::parse(bytes) {
        assert_eq!([certificate.body(), certificate.signature()].concat(), bytes);
    }
}
