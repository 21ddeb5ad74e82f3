//! Verifies, on a server, what a My Number Card (マイナンバーカード) signed for a web page.
//!
//! The page hands over a *token*: the holder's user authentication certificate, and a signature
//! over the page's origin and a nonce that the server gave out. [`verify`] says whose card it was,
//! or a [`VerifyError`] says why not. Nothing here reads a clock, opens a connection or writes a
//! log.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use kazashi_verify::{Expected, Method, PairwiseKey, Revocation, Trust, VerifyError, verify};
//!
//! # macro_rules! vector { ($name:literal) => {
//! #     include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/", $name)).as_slice()
//! # } }
//! # let case: serde_json::Value = serde_json::from_slice(vector!("verify/pin.json")).unwrap();
//! # let token = case["token"].to_string();
//! # let nonce_of_this_session = case["nonce"].as_str().unwrap();
//! # let authority = vector!("certificates/user-authentication-ca.der");
//! # let key_from_the_vault = [7; 32];
//! // Once, at start: whom to trust (PEM or DER), and the key for this service's own identifiers.
//! let trust = Trust::from_certificates([authority])?
//!     .accepting_test_hierarchy(); // for the virtual card; never in production
//! let pairwise_key = PairwiseKey::new(&key_from_the_vault)?;
//!
//! // For each sign-in. Remove the nonce from the session first, so that no token is good twice.
//! let expected = Expected {
//!     origin: "https://portal.example",
//!     nonce: nonce_of_this_session,
//!     method: Method::Pin,
//!     now: SystemTime::now(),
//! };
//! let authentication = verify(token.as_bytes(), &expected, &trust)?;
//!
//! // Ask whoever may tell you about revocation, and add the answer.
//! // Until then the result says that nobody asked.
//! # let ask_about = |_certificate: &[u8]| Revocation::Good;
//! let answer = ask_about(authentication.certificate().der());
//! let authentication = authentication.with_revocation(answer)?;
//!
//! // The same for each sign-in with this card, and another at every other service.
//! let user = authentication.subject(&pairwise_key);
//! # assert_eq!(user.len(), 43);
//! # Ok::<(), VerifyError>(())
//! ```
//!
//! # What a result is worth
//!
//! The signature proves that the card was there and signed for this origin and nonce. That a PIN
//! was presented, or that an institution proved itself instead, is [the bridge's
//! word](MethodSource): the two have different statements, so that one never passes for the other,
//! but other software with the card in hand could sign either.
//!
//! # What is checked, in this order
//!
//! 1. the [expectations](Expected) themselves: they come from configuration, and a mistake there
//!    should say so;
//! 2. the token: size, JSON, format `web-eid:1`, algorithm RS256, base64;
//! 3. the certificate against the JPKI profile of a user authentication certificate: issuer,
//!    policy, key usage, client authentication, RSA of at least 2048 bits, SHA-256, no critical
//!    extension that is not understood;
//! 4. the chain: one of the [trusted](Trust) authorities, found by name and key identifier, signed
//!    the certificate;
//! 5. the validity of both at the time passed in;
//! 6. the signature over the statement for this method, origin and nonce.
//!
//! Left to the caller: that the nonce belonged to this session and was removed, atomically, before;
//! and revocation.
//!
//! # The digital signature certificate
//!
//! [`Certificate::digital_signature`] reads the card's other certificate, with the name, address,
//! date of birth and sex of the holder, and [`Trust::verify`] says whether JPKI issued it. Who
//! sends a certificate need not be its holder: that takes a signature, which this crate does not
//! verify yet.

mod authentication;
mod certificate;
mod error;
mod public_key;
mod revocation;
mod subject;
mod token;
mod trust;

pub use kazashi_core::error_code::ErrorCode;
pub use kazashi_core::jpki::CertificateKind;
pub use kazashi_core::statement::Method;

pub use authentication::{Authentication, Expected, MethodSource, verify};
pub use certificate::{
    BasicAttributes, Certificate, CertificateSummary, DateOfBirth, DistinguishedName, Era,
    Hierarchy, Sex, certificate_serial_number,
};
pub use error::VerifyError;
pub use revocation::Revocation;
pub use subject::PairwiseKey;
pub use trust::Trust;
