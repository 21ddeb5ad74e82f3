//! The card within one transaction, as whoever guards it sees it: the bridge, or a virtual card in
//! a page. Nobody else speaks to the card meanwhile, so what is believed of it is true.

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::card::card_information::{self, AttributesReading};
use crate::card::card_surface;
use crate::card::jpki::{self, SignedDocument};
use crate::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
use crate::error_code::ErrorCode;
use crate::flow::{Abilities, Error, Flow, Transport, command, run};
use crate::guard::policy::{CardState, Reading};
use crate::guard::stay_memory::StayMemory;
use crate::guard::try_guard::is_wrong;
use crate::guard::verification::{self, BeforeDialog, Presentation, Presenting, ReferenceData};
use crate::value::layout::{Application, Key, PinReference};
use crate::value::{Certificate, Document, Signature, Statement, Testimony};
use crate::wire::Failure;

mod bookmark;
mod card_transaction;
mod page;

use bookmark::Lapsed;

pub use bookmark::Bookmark;
pub use card_transaction::{CardTransaction, Ending};

/// A transaction that began clean and ends clean. One that is dropped, as in a panic, powers the card
/// down.
pub struct Session<'c> {
    /// Until it is given up.
    card: Option<Box<dyn CardTransaction + 'c>>,
    state: CardState,
    page: Bookmark,
    stay: StayMemory,
    reading: Option<Reading>,
    verified: Option<ReferenceData>,
    /// Whether certificates of an institution were brought to the card.
    certificates: bool,
    /// The statement that an institution was asked to sign together with the card's challenge.
    terminal: Option<Statement>,
    finished: bool,
}

impl<'c> Session<'c> {
    /// Selects the card manager, whatever another program left behind: this clears every VERIFY. A
    /// card that refuses it is powered down, which does so too, and not spoken to.
    ///
    /// Once in a stay the card is asked before whether it is a My Number Card. Another cannot hold a PIN
    /// of ours: it is left as it was, with whatever another program has verified there.
    pub fn open(
        card: Box<dyn CardTransaction + 'c>,
        page: Bookmark,
        stay: StayMemory,
    ) -> Result<Self, Failure> {
        let mut session = Self {
            card: Some(card),
            state: CardState::unknown(),
            page,
            stay,
            reading: None,
            verified: None,
            certificates: false,
            terminal: None,
            finished: false,
        };
        session.recognise().inspect_err(|_| session.give_up(Ending::LeaveCard))?;
        session.clean()?;
        Ok(session)
    }

    /// Learns from the card what a person is to know who is about to be asked for a PIN. Ends the
    /// transaction: the card is not held while a person thinks.
    pub fn before_dialog(&mut self, reference: PinReference) -> Result<BeforeDialog, Failure> {
        // With a card that has no such certificate nobody signs in: nobody is asked for its PIN.
        let certificate = match reference {
            PinReference::UserAuthentication => self.user_authentication_certificate().map(drop),
            _ => Ok(()),
        };
        let retries_left =
            certificate.and_then(|()| self.retries_left(ReferenceData::Pin(reference)));
        self.finish();
        match retries_left? {
            0 => Err(Error::PinBlocked.into()),
            retries_left => {
                let on_reader = reference.digits().is_some()
                    && !self.stay.keys_failed()
                    && self.card().is_ok_and(|card| card.has_pin_pad());
                Ok(BeforeDialog { retries_left, on_reader })
            }
        }
    }

    /// Presents something, unless this card is known to refuse it.
    pub(crate) fn try_presenting(&mut self, presenting: Presenting) -> Result<(), Failure> {
        self.verified = None;
        match presenting {
            Presenting::Known(presentation) => {
                let wrong = Arc::clone(&self.stay.wrong);
                let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                let hash = wrong.hash(&presentation.data);
                if wrong.contains(hash) {
                    let reference = presentation.data.reference();
                    return Err(self.refuse(reference, presentation.at_least));
                }
                self.present(presentation).inspect_err(|failure| {
                    if is_wrong(*failure) {
                        wrong.insert(hash);
                    }
                })
            }
            Presenting::OnReader { reference, retries_left } => {
                self.present_on_reader(reference, retries_left)
            }
        }
    }

    /// Presents something, unless fewer tries are left than it is worth.
    fn present(&mut self, presentation: Presentation) -> Result<(), Failure> {
        let reference = presentation.data.reference();
        let (application, _) = reference.file();
        self.run(application, verification::present(presentation))?;
        self.accepted(reference);
        Ok(())
    }

    /// Has a person type a PIN on the reader, unless fewer tries are left than that person knows of.
    fn present_on_reader(&mut self, reference: PinReference, at_least: u8) -> Result<(), Failure> {
        let digits = reference.digits().ok_or(ErrorCode::PinEntryUnavailable)?;
        let reference = ReferenceData::Pin(reference);
        let (application, _) = reference.file();
        let verify = verification::verify_on_reader(reference, digits, at_least);
        let verify = self.run(application, verify)?;
        let answer = self.card().and_then(|card| card.verify_on_reader(&verify));
        if matches!(answer, Err(ErrorCode::PinTimeout | ErrorCode::PinEntryUnavailable)) {
            self.stay.set_keys_failed();
        }
        verification::outcome(reference, self.observe(&verify, answer)?.status())?;
        self.accepted(reference);
        Ok(())
    }

    fn accepted(&mut self, reference: ReferenceData) {
        self.verified = Some(reference);
        self.page.lapsed.verified = None;
    }

    /// Says of something that is known to be wrong what the card would say, and spends no try. Of a
    /// PIN the page is told nothing where it may not try it.
    fn refuse(&mut self, reference: ReferenceData, at_least: u8) -> Failure {
        let is_pin = matches!(reference, ReferenceData::Pin(_));
        match self.retries_left(reference) {
            Ok(retries_left @ 1..) if is_pin && retries_left < at_least => {
                Error::TooFewRetries { retries_left }.into()
            }
            Ok(retries_left) => reference.incorrect(retries_left).into(),
            Err(failure) => failure,
        }
    }

    /// Reads the public key of the user authentication certificate (SubjectPublicKeyInfo, DER), by
    /// which whoever guards the card tells it from others.
    pub fn public_key(&mut self) -> Result<Vec<u8>, Failure> {
        let certificate = self.user_authentication_certificate()?;
        let public_key = certificate.public_key();
        public_key.map(<[u8]>::to_vec).ok_or(ErrorCode::CardMalformed.into())
    }

    /// Reads the user authentication certificate, once under a lease.
    pub(crate) fn user_authentication_certificate(&mut self) -> Result<Certificate, Failure> {
        if let Some(certificate) = self.stay.certificate() {
            return Ok(certificate);
        }
        let certificate = self.run(Application::Jpki, jpki::user_authentication_certificate())?;
        self.stay.set_certificate(certificate.clone());
        Ok(certificate)
    }

    /// Has the card sign a statement, if the key's PIN was presented in this transaction.
    pub(crate) fn sign_challenge(
        &mut self,
        key: Key,
        statement: &Statement,
    ) -> Result<Signature, Failure> {
        if let Some(pin) = key.pin_reference() {
            self.spend(pin)?;
            // The card would sign again and again.
            self.finish();
        }
        let sign = match key {
            Key::UserAuthentication => jpki::sign_statement(statement),
            Key::CardSurface => card_surface::sign_statement(statement),
        };
        let signature = self.run(key.application(), sign)?;
        self.stay.remember(statement.signed(&signature));
        Ok(signature)
    }

    /// What the card signed in this stay under this lease, to be vouched for.
    pub(crate) fn testimony(&self) -> Result<Testimony, Failure> {
        self.stay.testimony().map_err(Failure::new)
    }

    /// Has the card give a challenge, for an institution to sign together with this statement. Its
    /// certificates were brought to the card in this transaction, or the card will refuse it.
    pub(crate) fn terminal_challenge(&mut self, statement: Statement) -> Result<Vec<u8>, Failure> {
        if self.page.lapsed.certificates {
            return Err(ErrorCode::Timeout.into());
        }
        let challenge = self.run(Application::Jpki, jpki::terminal_challenge())?;
        self.terminal = Some(statement);
        Ok(challenge)
    }

    /// Brings the institution's signature to the card, has the card sign the statement for which it
    /// gave the challenge, and ends the transaction.
    pub(crate) fn sign_as_terminal(
        &mut self,
        statement: &Statement,
        signature: &Signature,
    ) -> Result<Signature, Failure> {
        let signed = match self.terminal.take() {
            // The transaction of the challenge is over.
            None => Err(ErrorCode::Timeout.into()),
            Some(expected) if expected != *statement => Err(ErrorCode::InvalidRequest.into()),
            Some(_) => self.run(Application::Jpki, jpki::sign_as_terminal(statement, signature)),
        };
        self.certificates = false;
        if let Ok(signature) = &signed {
            self.stay.remember(statement.signed(signature));
        }
        self.finish();
        signed
    }

    /// Has the card sign a document, if its password was presented in this transaction.
    pub(crate) fn sign_document(&mut self, document: &Document) -> Result<SignedDocument, Failure> {
        self.spend(PinReference::DigitalSignature)?;
        self.run(Application::Jpki, jpki::sign_document(document))
    }

    /// Reads the basic attributes and what vouches for them, if the PIN of the card information input
    /// support application was presented in this transaction.
    pub(crate) fn read_attributes(&mut self) -> Result<AttributesReading, Failure> {
        self.spend(PinReference::CardInformation)?;
        self.run(Application::CardInformation, card_information::attributes())
    }

    /// Time after which a transaction without a command ends: Windows resets the card after 5 s. It is
    /// longer while an institution signs the card's challenge, which is good for this transaction only.
    #[must_use]
    pub fn idle(&self) -> Duration {
        Duration::from_secs(if self.terminal.is_some() { 4 } else { 2 })
    }

    /// Whether the card keeps something for what the page asks next, which would be lost with the
    /// transaction.
    #[must_use]
    pub fn is_amid(&self) -> bool {
        self.verified.is_some() || self.certificates || self.terminal.is_some()
    }

    /// Ends the transaction after this.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Whether the transaction is to end, because it was asked to or the card did not answer.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Leaves the card clean. Says where the page left off.
    pub fn close(mut self) -> Bookmark {
        // What is ended on purpose has served.
        if !self.finished {
            let Lapsed { verified, certificates, response } = &mut self.page.lapsed;
            *verified = self.verified.or(*verified);
            *certificates |= self.certificates;
            *response |= self.state.response_goes_on();
        }
        let ending = match self.clean() {
            Ok(()) => Ending::LeaveCard,
            Err(_) => Ending::UnpowerCard,
        };
        self.give_up(ending);
        self.page
    }

    /// The card, until it is given up.
    fn card(&mut self) -> Result<&mut (dyn CardTransaction + 'c), ErrorCode> {
        self.card.as_deref_mut().ok_or(ErrorCode::CommunicationError)
    }

    fn give_up(&mut self, ending: Ending) {
        if let Some(card) = self.card.take() {
            card.end(ending);
        }
    }

    /// Refuses unless this PIN was presented in this transaction and served nothing yet.
    fn spend(&mut self, pin: PinReference) -> Result<(), Failure> {
        let pin = Some(ReferenceData::Pin(pin));
        match self.verified.take() {
            verified if verified == pin => Ok(()),
            _ if self.page.lapsed.verified == pin => Err(ErrorCode::Timeout.into()),
            _ => Err(ErrorCode::InvalidRequest.into()),
        }
    }

    fn retries_left(&mut self, reference: ReferenceData) -> Result<u8, Failure> {
        let (application, _) = reference.file();
        self.run(application, verification::retries_left(reference))
    }

    /// Runs a guarded flow in the application that it takes for granted.
    fn run<T>(&mut self, application: Application, flow: Flow<T>) -> Result<T, Failure> {
        self.select(Some(application))?;
        run(flow, self)
    }

    fn select(&mut self, application: Option<Application>) -> Result<(), Failure> {
        let Some(application) = application.filter(|_| self.state.application() != application)
        else {
            return Ok(());
        };
        match self.exchange(&application.select())?.status() {
            StatusWord::OK => Ok(()),
            _ if application == Application::Jpki => Err(ErrorCode::UnsupportedCard.into()),
            _ => Err(ErrorCode::ApplicationAbsent.into()),
        }
    }

    /// Sees, once in a stay, that this is a My Number Card: it has the public key application.
    fn recognise(&mut self) -> Result<(), ErrorCode> {
        if !self.stay.is_ours() {
            self.expect(Application::Jpki)?;
            self.stay.set_ours();
        }
        Ok(())
    }

    /// Selects the card manager. A card without one is no My Number Card.
    fn clean(&mut self) -> Result<(), ErrorCode> {
        self.expect(Application::CardManager)
    }

    /// Selects an application that every My Number Card has.
    fn expect(&mut self, application: Application) -> Result<(), ErrorCode> {
        let select = application.select();
        let mut status = self.exchange_raw(&select)?.status();
        // The first command after power-up is answered with 6F00 by some cards (card.md 1.2).
        if status == StatusWord::UNKNOWN {
            status = self.exchange_raw(&select)?.status();
        }
        match status {
            StatusWord::OK => Ok(()),
            status if status.is_fault() => Err(ErrorCode::CommunicationError),
            _ => Err(ErrorCode::UnsupportedCard),
        }
    }

    fn exchange(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Failure> {
        self.exchange_raw(command).map_err(Failure::new)
    }

    fn exchange_raw(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let answer = self.card().and_then(|card| card.transmit(command));
        self.observe(command, answer)
    }

    /// Follows what a command did to the card.
    fn observe(
        &mut self,
        command: &CommandApdu,
        answer: Result<ResponseApdu, ErrorCode>,
    ) -> Result<ResponseApdu, ErrorCode> {
        match &answer {
            Ok(response) if command::has_read(command.ins(), response) => {
                self.state.observe(command, StatusWord::OK);
            }
            Ok(response) => self.state.observe(command, response.status()),
            Err(_) => {
                self.forget();
                self.finished = true;
            }
        }
        if self.state.application().is_none() || selects_application(command) {
            self.forget_what_was_shown();
        }
        answer
    }

    /// Nothing is known of the card any more.
    fn forget(&mut self) {
        self.state = CardState::unknown();
        self.forget_what_was_shown();
    }

    fn forget_what_was_shown(&mut self) {
        self.verified = None;
        self.certificates = false;
        self.terminal = None;
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.give_up(Ending::UnpowerCard);
    }
}

fn selects_application(command: &CommandApdu) -> bool {
    matches!(command.header(), [_, 0xA4, 0x04, _])
}

impl Transport for Session<'_> {
    type Error = Failure;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Failure> {
        self.exchange(command)
    }

    fn abilities(&self) -> Abilities {
        self.stay.abilities.clone()
    }
}

/// Shows nothing of the card.
impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}
