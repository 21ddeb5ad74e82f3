//! Terminal authentication (特定機関認証): an institution proves itself to the card, which then
//! signs without a PIN (card.md 6.1).
//!
//! Public are EF 0016 and the two commands that carry one intermediate certificate. Everything
//! after them is not, so [`PROFILE`] holds what this project chose: **our own extension**, known to
//! our virtual card and to no real one. An institution that holds the official specification puts
//! its own value there; the flow, the policy and the server follow it.

use thiserror::Error;

use crate::codec::apdu::CommandApdu;
use crate::codec::tlv::{self, Tag};
use crate::value::Statement;

/// The profile in use: the one place to replace.
pub const PROFILE: TerminalProfile = TerminalProfile::KAZASHI;

/// Commands that follow the published ones of terminal authentication.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an institution writes its own")]
pub struct TerminalProfile {
    /// CLA, INS, P1 and P2 of the command that carries the body of the terminal's own certificate.
    pub certificate_body: [u8; 4],
    /// The same for the signature of that certificate.
    pub certificate_signature: [u8; 4],
    /// How many bytes GET CHALLENGE asks for.
    pub challenge_length: u8,
    /// Bytes that the institution signs, by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2), of the card's
    /// challenge and the statement's digest.
    pub to_be_signed: fn(&[u8], &Statement) -> Vec<u8>,
    /// CLA, INS, P1 and P2 of EXTERNAL AUTHENTICATE.
    pub external_authenticate: [u8; 4],
    /// Its data field, of the statement's digest and the institution's signature.
    pub response: fn(&Statement, &[u8]) -> Vec<u8>,
}

impl TerminalProfile {
    /// Our own extension. The terminal's certificate goes the way of the published intermediate;
    /// the institution signs challenge ‖ statement; EXTERNAL AUTHENTICATE, in the form of JICSAP on
    /// EF 0016, brings statement ‖ signature.
    pub const KAZASHI: Self = Self {
        certificate_body: CERTIFICATE_BODY,
        certificate_signature: CERTIFICATE_SIGNATURE,
        challenge_length: 32,
        to_be_signed: |challenge, statement| [challenge, &statement.digest()].concat(),
        external_authenticate: [0x00, 0x82, 0x00, 0x80],
        response: |statement, signature| [&statement.digest(), signature].concat(),
    };
}

/// CLA, INS, P1 and P2 of the published command that carries a certificate's body.
pub const CERTIFICATE_BODY: [u8; 4] = [0x80, 0xA2, 0x06, 0xC1];
/// The same for its signature.
pub const CERTIFICATE_SIGNATURE: [u8; 4] = [0x80, 0xA2, 0x00, 0xC1];

/// A card-verifiable certificate as it is sent to the card: in two parts, unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalCertificate {
    body: Vec<u8>,
    signature: Vec<u8>,
}

/// The bytes are no card-verifiable certificate of 568 bytes: `7F21 { 5F4E body, 5F37 signature }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a card-verifiable certificate of 568 bytes")]
#[non_exhaustive]
pub struct MalformedTerminalCertificate;

impl TerminalCertificate {
    /// The bytes of its first part.
    pub(crate) const BODY_LENGTH: usize = 307;
    /// The bytes of its second part.
    pub(crate) const SIGNATURE_LENGTH: usize = 261;

    /// Takes the two parts apart. What the certificate says is the card's to judge.
    pub fn parse(certificate: &[u8]) -> Result<Self, MalformedTerminalCertificate> {
        let malformed = MalformedTerminalCertificate;
        let mut outer = tlv::read(certificate);
        let whole = outer.next().and_then(Result::ok).ok_or(malformed)?;
        let mut parts = tlv::read(whole.value()).map_while(Result::ok);
        let (body, signature) = parts.next().zip(parts.next()).ok_or(malformed)?;
        let tags = (whole.tag(), body.tag(), signature.tag());
        let lengths = (certificate.len(), body.value().len(), signature.value().len());
        if tags != (Tag(0x7F21), Tag(0x5F4E), Tag(0x5F37)) || lengths != (568, 297, 256) {
            return Err(malformed);
        }
        let (body, signature) = certificate.split_at(certificate.len() - signature.encoded().len());
        Ok(Self { body: body.to_vec(), signature: signature.to_vec() })
    }

    /// Tag and length of the whole, and its body: 307 bytes.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The signature, with tag and length: 261 bytes.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The command that brings the body, in the published form.
    pub(crate) fn load_body(&self, header: [u8; 4]) -> CommandApdu {
        command(header, &self.body)
    }

    /// The command that brings the signature.
    pub(crate) fn load_signature(&self, header: [u8; 4]) -> CommandApdu {
        command(header, &self.signature)
    }
}

/// EXTERNAL AUTHENTICATE with the institution's answer.
pub(crate) fn external_authenticate(statement: &Statement, signature: &[u8]) -> CommandApdu {
    command(PROFILE.external_authenticate, &(PROFILE.response)(statement, signature))
}

fn command([cla, ins, p1, p2]: [u8; 4], data: &[u8]) -> CommandApdu {
    CommandApdu::new(cla, ins, p1, p2).with_data(data).expect("certificates and answers are short")
}
