//! The card within one transaction, as the bridge hands it to requests: core's rules, no wrong data
//! twice, and nothing disclosed that is not written down.

use std::fmt;

use kazashi_core::{
    Document, Nonce,
    apdu::{CommandApdu, ResponseApdu},
    card_information::{self, AttributesReading},
    jpki::{Signature, SignedDocument, ef},
    key::{Key, PinReference},
    policy::{Application, Scope, Scopes},
    session::Session,
    statement::Method,
    verification::{Presentation, ReferenceData},
    wire::Failure,
};
use tracing::debug;

use crate::{
    disclosure_log::{Disclosure, DisclosureLog, Entry, Signed},
    origin::Origin,
    pin_entry::Notice,
    try_guard::is_wrong,
    visit::{Recorded, Visit},
};

/// A card, lent to whoever holds the lease.
pub(crate) struct Card<'a, 'c> {
    pub(crate) session: &'a mut Session<'c>,
    pub(crate) visit: &'a mut Visit,
    pub(crate) log: &'a DisclosureLog,
    pub(crate) lease: &'a str,
    pub(crate) origin: &'a Origin,
}

/// How something comes before the card.
pub(crate) enum Presenting {
    /// The bridge presents it.
    Known(Presentation),
    /// A person who knows how many tries are left types it on the reader, which presents it. What it
    /// was is not known here.
    OnReader {
        /// Which PIN.
        reference: PinReference,
        /// How many tries.
        retries_left: u8,
        /// What the person reads meanwhile.
        notice: Notice,
    },
}

/// What a person is to know who is about to be asked for a PIN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BeforeDialog {
    /// How many tries are left.
    pub(crate) retries_left: u8,
    /// Whether it is typed on the reader.
    pub(crate) on_reader: bool,
}

impl Presenting {
    fn reference(&self) -> ReferenceData {
        match self {
            Self::Known(presentation) => presentation.data.reference(),
            Self::OnReader { reference, .. } => ReferenceData::Pin(*reference),
        }
    }
}

impl Card<'_, '_> {
    /// Carries a page's command. The first of a lease that reads a file is written down.
    pub(crate) fn transmit(
        &mut self,
        command: &CommandApdu,
        scopes: &Scopes,
    ) -> Result<ResponseApdu, Failure> {
        let response = self.session.transmit(command, scopes)?;
        let Some(reading) = self.session.reading().filter(|_| !response.data().is_empty()) else {
            return Ok(response);
        };
        if let Some(public_key) = self.visit.observe(reading, response.data()) {
            self.visit.card = Some(self.log.card_id(&public_key));
        }
        let file = file_name(reading.application, reading.ef);
        if !self.visit.read(self.lease).contains(&file) {
            let read = vec![file.clone()];
            self.record(Disclosure { read, ..self.disclosure(reading.scope) })?;
            self.visit.read(self.lease).insert(file);
        }
        Ok(response)
    }

    /// How a person is to be asked for a PIN.
    pub(crate) fn before_dialog(&mut self, pin: PinReference) -> Result<BeforeDialog, Failure> {
        let retries_left = self.session.retries_before_dialog(pin)?;
        Ok(BeforeDialog { retries_left, on_reader: self.session.takes_on_reader(pin) })
    }

    /// Presents something, for what follows in this transaction.
    pub(crate) fn present(&mut self, presenting: Presenting) -> Result<(), Failure> {
        let reference = presenting.reference();
        self.try_presenting(presenting)?;
        let accepted = self.disclosure_after(reference);
        // What was accepted may unlock something: not if nobody could tell later.
        self.record(accepted).inspect_err(|_| self.session.finish())
    }

    /// Has a key sign the statement over the origin and a nonce; if something is given to present,
    /// for this one signature.
    pub(crate) fn sign_challenge(
        &mut self,
        key: Key,
        nonce: &Nonce,
        presenting: Option<Presenting>,
    ) -> Result<Signature, Failure> {
        let signed = Signed::new(key.name(), key.method().name());
        let origin = self.origin;
        let sign = |session: &mut Session<'_>| session.sign_challenge(key, origin.as_str(), nonce);
        match presenting {
            Some(presenting) => self.do_after(presenting, Some(signed), &[], sign),
            None => {
                let signature = sign(self.session)?;
                let disclosure = self.disclosure(Scope::of_key(key));
                self.record(Disclosure { signed: Some(signed), ..disclosure })?;
                Ok(signature)
            }
        }
    }

    /// Has the digital signature key sign a document, and reads its certificate.
    pub(crate) fn sign_document(
        &mut self,
        document: &Document,
        presenting: Presenting,
    ) -> Result<SignedDocument, Failure> {
        let signed = Signed::new("digital-signature", "document");
        let certificate =
            file_name(Some(Application::Jpki), Some(ef::DIGITAL_SIGNATURE_CERTIFICATE));
        let sign = |session: &mut Session<'_>| session.sign_document(document);
        self.do_after(presenting, Some(signed), &[certificate], sign)
    }

    /// Reads the basic attributes, and what vouches for them, which is disclosed to nobody.
    pub(crate) fn read_attributes(
        &mut self,
        presenting: Presenting,
    ) -> Result<AttributesReading, Failure> {
        let file = card_information::ef::BASIC_ATTRIBUTES;
        let file = file_name(Some(Application::CardInformation), Some(file));
        let read = |session: &mut Session<'_>| session.read_attributes();
        self.do_after(presenting, None, &[file], read)
    }

    /// Has the card give a challenge, for an institution to sign.
    pub(crate) fn terminal_challenge(&mut self, nonce: &Nonce) -> Result<Vec<u8>, Failure> {
        self.session.terminal_challenge(self.origin.as_str(), nonce)
    }

    /// Brings the institution's signature to the card, and has it sign the statement.
    pub(crate) fn sign_as_terminal(
        &mut self,
        nonce: &Nonce,
        signature: &Signature,
    ) -> Result<Signature, Failure> {
        let signature = self.session.sign_as_terminal(self.origin.as_str(), nonce, signature)?;
        let signed = Signed::new(Key::UserAuthentication.name(), Method::Terminal.name());
        let disclosure = self.disclosure(Scope::AuthenticatePinless);
        self.record(Disclosure { signed: Some(signed), ..disclosure })?;
        Ok(signature)
    }

    /// Presents what was given for one thing, does it, and ends the transaction: one line says it
    /// all.
    fn do_after<T>(
        &mut self,
        presenting: Presenting,
        signed: Option<Signed>,
        read: &[String],
        work: impl FnOnce(&mut Session<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let reference = presenting.reference();
        let presented = self.try_presenting(presenting);
        let done = presented.and_then(|()| {
            let done = work(self.session);
            let disclosure = self.disclosure_after(reference);
            let recorded = self.record(match &done {
                Ok(_) => Disclosure { read: read.to_vec(), signed, ..disclosure },
                Err(failure) => Disclosure { failed: Some(failure.code), ..disclosure },
            });
            done.and_then(|done| recorded.map(|()| done))
        });
        self.session.finish();
        done
    }

    /// Presents something, unless the card is known to refuse it. What it refuses is written down,
    /// but that cannot make the refusal anything else.
    fn try_presenting(&mut self, presenting: Presenting) -> Result<(), Failure> {
        let reference = presenting.reference();
        let presented = match presenting {
            Presenting::Known(presentation) => {
                let Presentation { data, at_least, .. } = &presentation;
                let hash = self.visit.wrong.hash(data);
                if self.visit.wrong.contains(hash) {
                    return Err(self.session.refuse(reference, *at_least));
                }
                self.session.present(presentation).inspect_err(|failure| {
                    if is_wrong(*failure) {
                        self.visit.wrong.insert(hash);
                    }
                })
            }
            Presenting::OnReader { reference, retries_left, notice } => {
                let presented = self.session.present_on_reader(reference, retries_left);
                drop(notice);
                presented
            }
        };
        presented.inspect_err(|failure| {
            if is_wrong(*failure) {
                let failed = Some(failure.code);
                let _ = self.record(Disclosure { failed, ..self.disclosure_after(reference) });
            }
        })
    }

    /// What is written down of every disclosure.
    fn disclosure(&self, scope: Scope) -> Disclosure {
        Disclosure {
            visit: self.visit.id.clone(),
            card: self.visit.card.clone(),
            origin: self.origin.as_str().to_owned(),
            scope,
            read: Vec::new(),
            presented: None,
            signed: None,
            failed: None,
        }
    }

    /// The same where something was presented.
    fn disclosure_after(&self, reference: ReferenceData) -> Disclosure {
        let presented = Some(reference.name().to_owned());
        Disclosure { presented, ..self.disclosure(reference.scope()) }
    }

    fn record(&mut self, disclosure: Disclosure) -> Result<(), Failure> {
        let with_card = disclosure.card.is_some();
        self.log.append(Entry::Disclosed(Box::new(disclosure)))?;
        if with_card {
            self.visit.recorded = Recorded::WithCard;
        } else if self.visit.recorded == Recorded::Nothing {
            self.visit.recorded = Recorded::WithoutCard;
        }
        Ok(())
    }
}

/// Finds out which card it is that something was written down of, if no page has read its
/// certificate. Nobody waits for it.
pub(crate) fn identify(session: &mut Session<'_>, visit: &mut Visit, log: &DisclosureLog) {
    if visit.recorded != Recorded::WithoutCard {
        return;
    }
    if visit.card.is_none() {
        match session.public_key() {
            Ok(public_key) => visit.card = Some(log.card_id(&public_key)),
            Err(failure) => debug!(code = failure.code.as_str(), "cannot tell which card it was"),
        }
    }
    if let Some(card) = visit.card.clone()
        && log.append(Entry::CardKnown { visit: visit.id.clone(), card }).is_ok()
    {
        visit.recorded = Recorded::WithCard;
    }
}

fn file_name(application: Option<Application>, ef: Option<u8>) -> String {
    let application = application.map_or("unknown", Application::name);
    ef.map_or_else(|| application.to_owned(), |ef| format!("{application}/{ef:04X}"))
}

impl fmt::Debug for Card<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").finish_non_exhaustive()
    }
}
