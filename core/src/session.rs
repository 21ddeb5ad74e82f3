//! The card within one transaction, as whoever guards it sees it: the bridge, or a virtual card in
//! a page. Nobody else speaks to the card meanwhile, so what is believed of it is true.

use std::fmt;

use crate::{
    Abilities, Document, Error, Nonce,
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    card_information::{self, AttributesReading},
    card_surface,
    error_code::ErrorCode,
    flow::{Flow, Transport, run},
    jpki::{self, Signature, SignedDocument},
    key::{Key, PinReference},
    policy::{self, Application, CardState, Needs, Reading, Scope, Scopes},
    statement::{Method, Statement},
    verification::{self, Presentation, ReferenceData},
    wire::Failure,
};

/// A card that this program alone may speak to.
pub trait CardTransaction {
    /// Carries one command to the card.
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode>;

    /// Whether PINs can be typed on the reader itself.
    fn has_pin_pad(&mut self) -> bool {
        false
    }

    /// Has the reader put what a person types on its keys into this VERIFY, whose data field is as
    /// long as the PIN, and carry it to the card. If nothing came of that, the card was not asked:
    /// [`PinCancelled`](ErrorCode::PinCancelled), [`PinTimeout`](ErrorCode::PinTimeout) or
    /// [`PinMalformed`](ErrorCode::PinMalformed).
    fn verify_on_reader(&mut self, _verify: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        Err(ErrorCode::PinEntryUnavailable)
    }

    /// Gives the card up.
    fn end(self: Box<Self>, ending: Ending);
}

/// How a card is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who gives a card up must know each way")]
pub enum Ending {
    /// It is clean: the card manager is selected.
    LeaveCard,
    /// Power it down, which clears every VERIFY. A warm reset would not (card.md 2).
    UnpowerCard,
}

/// A transaction that began clean and ends clean.
pub struct Session<'c> {
    card: Box<dyn CardTransaction + 'c>,
    state: CardState,
    /// What the page believes to be selected. Guarded steps may select something else.
    page_application: Option<Application>,
    abilities: Abilities,
    reading: Option<Reading>,
    verified: Option<ReferenceData>,
    /// What an institution was asked to sign together with the card's challenge.
    terminal: Option<Statement>,
    finished: bool,
}

impl<'c> Session<'c> {
    /// Selects the card manager, whatever another program left behind: this clears every VERIFY. A
    /// card that refuses it is powered down, which does so too, and not spoken to.
    pub fn open(
        card: Box<dyn CardTransaction + 'c>,
        page_application: Option<Application>,
        abilities: Abilities,
    ) -> Result<Self, Failure> {
        let mut session = Self {
            card,
            state: CardState::unknown(),
            page_application,
            abilities,
            reading: None,
            verified: None,
            terminal: None,
            finished: false,
        };
        match session.clean() {
            Ok(()) => Ok(session),
            Err(code) => {
                session.card.end(Ending::UnpowerCard);
                Err(code.into())
            }
        }
    }

    /// Carries a page's command, if the policy and the scopes of its origin allow it.
    pub fn transmit(
        &mut self,
        command: &CommandApdu,
        scopes: &Scopes,
    ) -> Result<ResponseApdu, Failure> {
        // A SELECT by name stands by itself; everything else means the page's own application.
        if self.page_application != self.state.application() && !selects_application(command) {
            self.select(self.page_application)?;
        }
        let allowed = match self.state.judge(command) {
            Ok(Needs::Lease) => true,
            Ok(Needs::Scope(scope)) => scopes.allow(scope),
            Err(_) => false,
        };
        let is_raw = !allowed && scopes.allow(Scope::RawApdu) && policy::is_raw(command);
        if !(allowed || is_raw) {
            return Err(ErrorCode::NotPermitted.into());
        }
        let reading = match is_raw {
            true => Some(Reading::raw(self.state.application())),
            false => self.state.reading(command),
        };
        let response = self.exchange(command)?;
        self.reading = reading;
        if is_raw {
            // What it did to the card is not followed.
            self.forget();
            self.state = CardState::after_raw(response.status());
        }
        self.page_application = self.state.application();
        Ok(response)
    }

    /// What the page's last command read.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        self.reading
    }

    /// Asks the card how many tries a PIN has left, for a person who is about to be asked for it.
    /// Ends the transaction: the card is not held while a person thinks.
    pub fn retries_before_dialog(&mut self, reference: PinReference) -> Result<u8, Failure> {
        let retries_left = self.retries_left(ReferenceData::Pin(reference));
        self.finish();
        match retries_left? {
            0 => Err(Error::PinBlocked.into()),
            retries_left => Ok(retries_left),
        }
    }

    /// Presents something, unless fewer tries are left than it is worth.
    pub fn present(&mut self, presentation: Presentation) -> Result<(), Failure> {
        self.verified = None;
        let reference = presentation.data.reference();
        let (application, _) = reference.file();
        self.run(application, verification::present(presentation))?;
        self.verified = Some(reference);
        Ok(())
    }

    /// Whether this PIN can be typed on the reader.
    pub fn takes_on_reader(&mut self, reference: PinReference) -> bool {
        reference.digits().is_some() && self.card.has_pin_pad()
    }

    /// Has a person type a PIN on the reader, unless fewer tries are left than that person knows of.
    pub fn present_on_reader(
        &mut self,
        reference: PinReference,
        at_least: u8,
    ) -> Result<(), Failure> {
        self.verified = None;
        let digits = reference.digits().ok_or(ErrorCode::PinEntryUnavailable)?;
        let reference = ReferenceData::Pin(reference);
        let (application, _) = reference.file();
        let verify = verification::verify_on_reader(reference, digits, at_least);
        let verify = self.run(application, verify)?;
        let answer = self.card.verify_on_reader(&verify);
        verification::outcome(reference, self.observe(&verify, answer)?.status())?;
        self.verified = Some(reference);
        Ok(())
    }

    /// Presents what was given for this one thing, does it, and ends the transaction.
    pub fn present_for<T>(
        &mut self,
        presentation: Presentation,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let done = self.present(presentation).and_then(|()| work(self));
        self.finish();
        done
    }

    /// Says of something that is known to be wrong what the card would say, and spends no try.
    pub fn refuse(&mut self, reference: ReferenceData, at_least: u8) -> Failure {
        self.verified = None;
        match self.retries_left(reference) {
            Ok(retries_left @ 1..) if retries_left < at_least => {
                Error::TooFewRetries { retries_left }.into()
            }
            Ok(retries_left) => reference.incorrect(retries_left).into(),
            Err(failure) => failure,
        }
    }

    /// Reads the public key of the user authentication certificate (SubjectPublicKeyInfo, DER), by
    /// which whoever guards the card tells it from others.
    pub fn public_key(&mut self) -> Result<Vec<u8>, Failure> {
        let certificate = self.run(Application::Jpki, jpki::user_authentication_certificate())?;
        let public_key = certificate.public_key();
        public_key.map(<[u8]>::to_vec).ok_or(ErrorCode::CardMalformed.into())
    }

    /// Has the card sign the statement over origin and nonce, if the key's PIN was presented in this
    /// transaction.
    pub fn sign_challenge(
        &mut self,
        key: Key,
        origin: &str,
        nonce: &Nonce,
    ) -> Result<Signature, Failure> {
        if let Some(pin) = key.pin_reference() {
            self.demand(pin)?;
        }
        let statement = Statement::new(key.method(), origin, nonce.as_str());
        let sign = match key {
            Key::UserAuthentication => jpki::sign_statement(&statement),
            Key::CardSurface => card_surface::sign_statement(&statement),
        };
        self.run(key.application(), sign)
    }

    /// Has the card give a challenge, for an institution to sign together with the statement over
    /// origin and nonce. Its certificates were brought to the card in this transaction, or the card
    /// will refuse it.
    pub fn terminal_challenge(&mut self, origin: &str, nonce: &Nonce) -> Result<Vec<u8>, Failure> {
        let challenge = self.run(Application::Jpki, jpki::terminal_challenge())?;
        self.terminal = Some(Statement::new(Method::Terminal, origin, nonce.as_str()));
        Ok(challenge)
    }

    /// Whether the institution's answer to a challenge is still to come: it needs this transaction.
    #[must_use]
    pub fn awaits_terminal(&self) -> bool {
        self.terminal.is_some()
    }

    /// Brings the institution's signature to the card, has the card sign the statement over the
    /// origin and nonce for which it gave the challenge, and ends the transaction.
    pub fn sign_as_terminal(
        &mut self,
        origin: &str,
        nonce: &Nonce,
        signature: &Signature,
    ) -> Result<Signature, Failure> {
        let statement = Statement::new(Method::Terminal, origin, nonce.as_str());
        let signed = match self.terminal.take() {
            // The transaction of the challenge is over.
            None => Err(ErrorCode::Timeout.into()),
            Some(expected) if expected != statement => Err(ErrorCode::InvalidRequest.into()),
            Some(_) => self.run(Application::Jpki, jpki::sign_as_terminal(&statement, signature)),
        };
        self.finish();
        signed
    }

    /// Has the card sign a document, if its password was presented in this transaction.
    pub fn sign_document(&mut self, document: &Document) -> Result<SignedDocument, Failure> {
        self.demand(PinReference::DigitalSignature)?;
        self.run(Application::Jpki, jpki::sign_document(document))
    }

    /// Reads the basic attributes and what vouches for them, if the PIN of the card information input
    /// support application was presented in this transaction.
    pub fn read_attributes(&mut self) -> Result<AttributesReading, Failure> {
        self.demand(PinReference::CardInformation)?;
        self.run(Application::CardInformation, card_information::attributes())
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

    /// Leaves the card clean. Says what the page believes to be selected.
    pub fn close(mut self) -> Option<Application> {
        let ending = match self.clean() {
            Ok(()) => Ending::LeaveCard,
            Err(_) => Ending::UnpowerCard,
        };
        self.card.end(ending);
        self.page_application
    }

    /// Refuses unless this PIN was presented in this transaction.
    fn demand(&self, pin: PinReference) -> Result<(), Failure> {
        match self.verified {
            Some(ReferenceData::Pin(verified)) if verified == pin => Ok(()),
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

    /// Selects the card manager. A card without one is no My Number Card.
    fn clean(&mut self) -> Result<(), ErrorCode> {
        let select = Application::CardManager.select();
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
        let answer = self.card.transmit(command);
        self.observe(command, answer)
    }

    /// Follows what a command did to the card.
    fn observe(
        &mut self,
        command: &CommandApdu,
        answer: Result<ResponseApdu, ErrorCode>,
    ) -> Result<ResponseApdu, ErrorCode> {
        match &answer {
            Ok(response) => self.state.observe(command, response.status()),
            Err(_) => {
                self.forget();
                self.finished = true;
            }
        }
        if self.state.application().is_none() || selects_application(command) {
            self.verified = None;
            self.terminal = None;
        }
        answer
    }

    /// Nothing is known of the card any more.
    fn forget(&mut self) {
        self.state = CardState::unknown();
        self.verified = None;
        self.terminal = None;
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
        self.abilities.clone()
    }
}

/// Shows nothing of the card.
impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}
