use kazashi_core::codec::apdu::{CommandApdu, StatusWord};
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use sha2::{Digest, Sha256};

use super::Card;
use crate::{Contents, Deed, Ef};

/// Template and body of a CV certificate, up to the value of the body (card.md 4.8).
const BODY: [u8; 10] = [0x7F, 0x21, 0x82, 0x02, 0x33, 0x5F, 0x4E, 0x82, 0x01, 0x29];
const BODY_LENGTH: usize = BODY.len() + 297;
/// Its key, up to the modulus: the exponent is always this.
const KEY: [u8; 9] = [0x90, 0x03, 0x01, 0x00, 0x01, 0x91, 0x82, 0x01, 0x00];
/// Its signature, up to the value.
const SIGNATURE: [u8; 5] = [0x5F, 0x37, 0x82, 0x01, 0x00];
const SIGNATURE_LENGTH: usize = SIGNATURE.len() + 256;

/// Our choice, from what ISO has for EXTERNAL AUTHENTICATE; what the card says is not known.
const VERIFICATION_FAILED: StatusWord = StatusWord(0x6300);

/// The certificates that were presented since the current EF became so.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// A certificate whose signature is to come.
    unverified: Option<Certificate>,
    /// The last one that was verified.
    pub(super) certified: Option<Certificate>,
}

/// The body of a CV certificate. Whether its identifiers have the form of such is not looked at.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    issuer: [u8; 16],
    subject: [u8; 16],
    pub(super) key: RsaPublicKey,
    signed: Vec<u8>,
}

impl Card {
    /// `80 A2`: verifies a CV certificate with the key of the current EF, and keeps the key that it
    /// certifies (card.md 6.1). Public is one certificate, an intermediate one. That its key
    /// verifies a further one, loaded in the same form, is our extension.
    pub(super) fn verify_certificate(
        &mut self,
        command: &CommandApdu,
    ) -> Result<Vec<u8>, StatusWord> {
        match (command.p1(), command.p2()) {
            (0x06, 0xC1) => self.load_body(command),
            (0x00, 0xC1) => self.load_signature(command),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    fn load_body(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        demand_form(command, BODY_LENGTH)?;
        let (ef, _) = self.demand_public_key()?;
        // Our choice, as for all that is wrong in the data.
        let certificate = Certificate::parse(command.data()).ok_or(StatusWord::WRONG_DATA)?;
        // The name of the key in the EF is not known, so the first issuer may have any.
        let issuer = self.chain.certified.as_ref().map(|certified| certified.subject);
        if issuer.is_some_and(|issuer| issuer != certificate.issuer) {
            return Err(StatusWord::WRONG_DATA);
        }
        self.chain.unverified = Some(certificate);
        self.deed = Some(Deed::CertificatePartTaken(ef));
        Ok(Vec::new())
    }

    fn load_signature(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        demand_form(command, SIGNATURE_LENGTH)?;
        let (ef, root) = self.demand_public_key()?;
        let root = root.clone();
        let signature = command.data().strip_prefix(&SIGNATURE).ok_or(StatusWord::WRONG_DATA)?;
        // Our choice for a signature without a body.
        let unverified = self.chain.unverified.take();
        let certificate = unverified.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        let issuer = self.chain.certified.as_ref().map_or(&root, |certified| &certified.key);
        demand_signature(issuer, &certificate.signed, signature)?;
        self.chain.certified = Some(certificate);
        self.deed = Some(Deed::CertificatePartTaken(ef));
        Ok(Vec::new())
    }

    /// Refuses unless the current EF holds a public key.
    pub(super) fn demand_public_key(&self) -> Result<(Ef, &RsaPublicKey), StatusWord> {
        let ef = self.current_ef.ok_or(StatusWord::NO_CURRENT_EF)?;
        match self.contents(ef)? {
            Contents::PublicKey(key) => Ok((ef, key.rsa())),
            _ => Err(StatusWord::INCOMPATIBLE_FILE_STRUCTURE),
        }
    }
}

impl Certificate {
    fn parse(data: &[u8]) -> Option<Self> {
        let signed = data.strip_prefix(&BODY)?;
        let (&issuer, rest) = signed.split_first_chunk()?;
        let (&subject, key) = rest.split_first_chunk()?;
        let modulus = BigUint::from_bytes_be(key.strip_prefix(&KEY)?);
        let key = RsaPublicKey::new(modulus, BigUint::from(0x01_00_01_u32)).ok()?;
        Some(Self { issuer, subject, key, signed: signed.to_vec() })
    }
}

/// Refuses another length, before anything else is looked at (card.md 6.1), and a Le field.
pub(super) fn demand_form(command: &CommandApdu, nc: usize) -> Result<(), StatusWord> {
    if command.data().len() == nc && command.ne() == 0 {
        Ok(())
    } else {
        Err(StatusWord::WRONG_LENGTH)
    }
}

/// Refuses unless the signature is by this key over the message: RSASSA-PKCS1-v1_5 with SHA-256.
pub(super) fn demand_signature(
    key: &RsaPublicKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), StatusWord> {
    key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature)
        .map_err(|_| VERIFICATION_FAILED)
}
