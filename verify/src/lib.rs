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
//! use kazashi_verify::{
//!     Answer, Expected, Method, PairwiseKey, Token, Trust, Unverified, VerifyError, verify,
//! };
//!
//! # macro_rules! vector { ($name:literal) => {
//! #     include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/", $name)).as_slice()
//! # } }
//! # let case: serde_json::Value = serde_json::from_slice(vector!("verify/pin.json")).unwrap();
//! # let body = case["token"].to_string();
//! # let nonce_of_this_session = case["nonce"].as_str().unwrap();
//! # let authority = vector!("certificates/user-authentication-ca.der");
//! # let key_from_the_vault = [7; 32];
//! // Once, at start: whom to trust (PEM or DER), and the key for this service's own identifiers.
//! let trust = Trust::from_certificates([authority])?
//!     .accepting_test_hierarchy(); // for the virtual card; never in production
//! let pairwise_key = PairwiseKey::new(&key_from_the_vault)?;
//!
//! // For each sign-in. Where the token is one of several things in a request, see `Submitted`.
//! let token = Token::from_json(body.as_bytes())?;
//!
//! // Remove the nonce from the session first, so that no token is good twice.
//! let expected = Expected {
//!     origin: "https://portal.example",
//!     nonce: nonce_of_this_session,
//!     method: Method::Pin,
//!     now: SystemTime::now(),
//! };
//! let authentication = verify(&token, &expected, &trust)?;
//!
//! // Ask whoever may tell you about revocation, and add the answer.
//! // Until then the result says that nobody asked.
//! # let ask_about = |_certificate: &[u8]| Answer::Good;
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
//! 1. the [token](Unverified::from_json): size, JSON, base64;
//! 2. the [expectations](Expected) themselves: they come from configuration, and a mistake there
//!    should say so;
//! 3. the token's format `web-eid:1`, and its algorithm RS256;
//! 4. the certificate against the JPKI profile of a user authentication certificate: issuer,
//!    policy, key usage, client authentication, RSA of at least 2048 bits, SHA-256, no critical
//!    extension that is not understood;
//! 5. the chain: one of the [trusted](Trust) authorities, found by name and key identifier, signed
//!    the certificate;
//! 6. the validity of both at the time passed in;
//! 7. the signature over the statement for this method, origin and nonce.
//!
//! Left to the caller: that the nonce belonged to this session and was removed, atomically, before;
//! and revocation.
//!
//! # Card presence: a returning holder, without a PIN
//!
//! Whoever signed in with the PIN once can enrol the card (かざし利用): [`verify_enrolment`] takes the
//! token and a *presence proof* from the same insertion, and gives an [`Enrolment`] to store.
//! [`verify_presence`] takes later proofs, and only with the enrolment they belong to: a first use
//! without the PIN cannot be written down.
//!
//! ```
//! # use std::time::SystemTime;
//! #
//! use kazashi_verify::{
//!     CvTrust, Enrolment, ExpectedEnrolment, ExpectedPresence, KeyIdentifier, PresenceProof, Token,
//!     verify_enrolment, verify_presence,
//! };
//! # use kazashi_verify::{Answer, PairwiseKey, Trust, VerifyError};
//!
//! # macro_rules! vector { ($name:literal) => {
//! #     include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/", $name)).as_slice()
//! # } }
//! # use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
//! # let of_the_emulator = include_str!(
//! #     concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/keys/card-surface-authority.pem"));
//! # let of_the_emulator = rsa::RsaPrivateKey::from_pkcs8_pem(of_the_emulator).unwrap();
//! # let of_the_emulator = of_the_emulator.to_public_key().to_public_key_der().unwrap();
//! # let first: serde_json::Value = serde_json::from_slice(vector!("verify/enrolment.json")).unwrap();
//! # let later: serde_json::Value = serde_json::from_slice(vector!("verify/presence.json")).unwrap();
//! # let token = first["tokens"]["pin"].clone();
//! # let [first_proof, later_proof] = [&first, &later].map(|of| of["proofs"]["whole"].clone());
//! # let [pin_nonce, presence_nonce] =
//! #     ["pinNonce", "presenceNonce"].map(|name| first[name].as_str().unwrap());
//! # let nonce = later["nonce"].as_str().unwrap();
//! # let trust = Trust::from_certificates([vector!("certificates/user-authentication-ca.der")])?
//! #     .accepting_test_hierarchy();
//! # let pairwise_key = PairwiseKey::new(&[7; 32])?;
//! # let now = SystemTime::now();
//! # let origin = "https://portal.example";
//! # let ask_about = |_certificate: &[u8]| Answer::Good;
//! // Once, at start: the root of real cards is pinned, that of the virtual card is not.
//! let root = KeyIdentifier::from_hexadecimal("39303030303233080530303100000000")?;
//! let cv_trust = CvTrust::pinned()
//!     .with_key(root, of_the_emulator.as_bytes())?
//!     .accepting_test_hierarchy(); // never in production
//!
//! // The first time, with the PIN.
//! let expected = ExpectedEnrolment { origin, pin_nonce, presence_nonce, now };
//! # let token = serde_json::from_value::<Token>(token).unwrap();
//! # let proof = serde_json::from_value::<PresenceProof>(first_proof).unwrap();
//! let enrolled =
//!     verify_enrolment(&token, &proof, &expected, &trust, &cv_trust, &pairwise_key)?;
//! let answer = ask_about(enrolled.authentication().certificate().der());
//! let enrolled = enrolled.with_revocation(answer)?;
//! let stored = serde_json::to_string(enrolled.enrolment()).unwrap();
//!
//! // Later, without: the server found the enrolment by the certificate, and told the page the birth
//! // date, which the card wants to know.
//! let enrolment: Enrolment = serde_json::from_str(&stored).unwrap();
//! let expected = ExpectedPresence { origin, nonce, enrolment: &enrolment, now };
//! # let proof = serde_json::from_value(later_proof).unwrap();
//! let presence = verify_presence(&proof, &expected, &trust, &cv_trust, &pairwise_key)?;
//! let answer = ask_about(presence.certificate().der());
//! let presence = presence.with_revocation(answer)?;
//! assert_eq!(presence.subject(), enrolment.subject());
//! # Ok::<(), VerifyError>(())
//! ```
//!
//! A presence says little: see [`Presence::assurance`] and [`Presence::known_limits`].
//!
//! # What the card says of its holder
//!
//! [`verify_card_face`] takes a *card face proof*, which a page makes when it reads what is printed on
//! the card (券面): the record is genuine and the card is there, told with digests in place of name,
//! address and photograph, which stay in the page. [`verify_attributes`] judges the four basic
//! attributes as text (基本4情報), where they are read.
//!
//! # The digital signature certificate
//!
//! [`Certificate::digital_signature`] reads the card's other certificate, with the name, address,
//! date of birth and sex of the holder, and [`Trust::verify`] says whether JPKI issued it. Who
//! sends a certificate need not be its holder: that takes a signature, which this crate does not
//! verify yet.

mod age_record;
mod authentication;
mod card_face;
mod card_face_proof;
mod card_information;
mod certificate;
mod cv_certificate;
mod cv_trust;
mod enrolment;
mod error;
mod pem;
mod presence;
mod public_key;
mod revocation;
mod subject;
mod trust;
mod unverified;

pub use kazashi_core::card::card_information::AttributesRecord;
pub use kazashi_core::error_code::ErrorCode;
pub use kazashi_core::value::{
    BirthDate, CertificateKind, Era, KeyIdentifier, Method, PresenceProof, Sex, Token,
};

pub use authentication::{Authentication, Expected, MethodSource, verify};
pub use card_face::CardFaceRecord;
pub use card_face_proof::{CardFaceEvidence, CardFaceProof, ExpectedCardFace, verify_card_face};
pub use card_information::verify_attributes;
pub use certificate::{
    Certificate, CertificateAttributes, CertificateSummary, DistinguishedName, Hierarchy,
    certificate_serial_number,
};
pub use cv_certificate::{CvCertificate, CvKey};
pub use cv_trust::CvTrust;
pub use enrolment::{Enrolled, Enrolment, ExpectedEnrolment, verify_enrolment};
pub use error::VerifyError;
pub use presence::{Assurance, ExpectedPresence, KnownLimit, Presence, verify_presence};
pub use revocation::{Answer, Revocation};
pub use subject::PairwiseKey;
pub use trust::Trust;
pub use unverified::{Submitted, Unverified};
