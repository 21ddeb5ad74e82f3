//! The card, on a reader or in its holder's hand.

use std::{
    cell::{RefCell, RefMut},
    rc::Rc,
};

use js_sys::Uint8Array;
use kazashi_core::{
    apdu::{CommandApdu, ResponseApdu},
    error_code::ErrorCode,
    jpki::ef,
    key::PinReference,
    session::{CardTransaction, Ending},
    tlv,
    wire::Hex,
};
use kazashi_emulator::{Application, Card, Contents, Ef, Image, Variant};
use rand_core::OsRng;
use wasm_bindgen::prelude::*;

use crate::{
    channel::VirtualChannel,
    value::{argument, plain, thrown},
};

/// A card. It keeps its retry counters wherever it is put.
#[wasm_bindgen]
#[derive(Clone, Debug)]
pub struct VirtualCard(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    card: Card,
    /// Tells one stay of the card on a reader from the next.
    insertion: u32,
}

#[wasm_bindgen]
impl VirtualCard {
    /// A card of the kind that the emulator calls so, or `unsupported`: no My Number Card.
    #[wasm_bindgen(constructor)]
    pub fn new(kind: &str) -> Result<Self, JsValue> {
        let image = match (kind, kind.parse()) {
            ("unsupported", _) => Image::empty(Variant::Normal),
            (_, Ok(variant)) => Image::of(variant),
            (_, Err(_)) => return Err(thrown(ErrorCode::InvalidRequest)),
        };
        let mut card = Card::new(image);
        card.power_on();
        Ok(Self(Rc::new(RefCell::new(State { card, insertion: 0 }))))
    }

    /// The answer to reset, in hexadecimal.
    #[wasm_bindgen(getter, unchecked_return_type = "string")]
    pub fn atr(&self) -> Result<JsValue, JsValue> {
        plain(&Hex::from(self.0.borrow().card.atr()))
    }

    /// The right PIN, if it was ever set.
    pub fn pin(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PinReference")] reference: JsValue,
    ) -> Result<Option<String>, JsValue> {
        let reference: PinReference = argument(reference)?;
        let application = match reference {
            PinReference::UserAuthentication | PinReference::DigitalSignature => Application::Jpki,
            PinReference::CardInformation => Application::CardInfo,
        };
        let pin = Ef { application, id: reference.ef().into() };
        Ok(match self.0.borrow().card.image().contents(pin) {
            Some(Contents::Pin(pin)) => pin.value().map(str::to_owned),
            _ => None,
        })
    }

    /// Leases the card, for as long as it stays where it is, to a page of this origin.
    pub fn lease(
        &self,
        origin: String,
        #[wasm_bindgen(unchecked_param_type = "readonly Scope[]")] scopes: JsValue,
    ) -> Result<VirtualChannel, JsValue> {
        Ok(VirtualChannel::new(self.transaction(), origin, argument(scopes)?))
    }

    /// Takes the card off its reader.
    pub fn remove(&self) {
        let state = &mut *self.0.borrow_mut();
        state.insertion += 1;
        state.card.power_off();
    }
}

/// The certificates of the authorities that issued the virtual cards, DER.
#[wasm_bindgen]
pub fn authorities() -> Vec<Uint8Array> {
    let image = Image::normal();
    [ef::USER_AUTHENTICATION_CA_CERTIFICATE, ef::DIGITAL_SIGNATURE_CA_CERTIFICATE]
        .into_iter()
        .filter_map(|file| match image.contents(jpki(file)) {
            // Behind the certificate, the file is filled up.
            Some(Contents::Transparent(file)) => tlv::read(file).next()?.ok(),
            _ => None,
        })
        .map(|certificate| Uint8Array::from(certificate.encoded()))
        .collect()
}

fn jpki(file: u8) -> Ef {
    Ef { application: Application::Jpki, id: file.into() }
}

impl VirtualCard {
    fn transaction(&self) -> Transaction {
        Transaction { card: self.clone(), insertion: self.0.borrow().insertion }
    }
}

/// The card, for as long as it stays where it is. Nobody else speaks to it.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    card: VirtualCard,
    insertion: u32,
}

impl Transaction {
    fn card(&self) -> Result<RefMut<'_, Card>, ErrorCode> {
        let state = self.card.0.borrow_mut();
        if state.insertion == self.insertion {
            Ok(RefMut::map(state, |state| &mut state.card))
        } else {
            Err(ErrorCode::RemovedCard)
        }
    }
}

impl CardTransaction for Transaction {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let response = self.card()?.transmit(&command.to_bytes(), &mut OsRng);
        ResponseApdu::from_bytes(&response).map_err(|_| ErrorCode::CommunicationError)
    }

    fn end(self: Box<Self>, ending: Ending) {
        if let (Ending::UnpowerCard, Ok(mut card)) = (ending, self.card()) {
            card.power_off();
            card.power_on();
        }
    }
}
