//! The card, on a reader or in its holder's hand.

use std::cell::RefCell;

use js_sys::Uint8Array;
use kazashi_core::codec::{Hex, tlv};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::stay_memory::StayMemory;
use kazashi_core::value::StayName;
use kazashi_core::value::layout::{self, PinReference};
use kazashi_emulator::reader::Reader;
use kazashi_emulator::{Application, Card, Contents, Ef, Image, Variant};
use rand_core::{OsRng, RngCore};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::channel::{Tries, VirtualChannel};
use crate::value::{argument, plain, thrown};

/// A card. It keeps its retry counters wherever it is put.
#[wasm_bindgen]
#[derive(Debug)]
pub struct VirtualCard {
    reader: Reader,
    /// Of this stay on the reader.
    memory: RefCell<StayMemory>,
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
        let memory = RefCell::new(new_memory());
        Ok(Self { reader: Reader::new(Card::new(image), OsRng), memory })
    }

    /// The answer to reset, in hexadecimal.
    #[wasm_bindgen(getter, unchecked_return_type = "string")]
    pub fn atr(&self) -> Result<JsValue, JsValue> {
        plain(&Hex::from(self.reader.card().atr()))
    }

    /// Name of its stay on the reader.
    #[wasm_bindgen(getter)]
    pub fn insertion(&self) -> String {
        self.memory.borrow().name().to_string()
    }

    /// The right PIN, if it was ever set.
    pub fn pin(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PinReference")] reference: JsValue,
    ) -> Result<Option<String>, JsValue> {
        let reference: PinReference = argument(reference)?;
        let application = match reference {
            PinReference::UserAuthentication | PinReference::DigitalSignature => Application::Jpki,
            PinReference::CardInformation => Application::CardInformation,
        };
        let pin = Ef { application, id: reference.ef().into() };
        Ok(match self.reader.card().image().contents(pin) {
            Some(Contents::Pin(pin)) => pin.value().map(str::to_owned),
            _ => None,
        })
    }

    /// Leases the card, for as long as it stays where it is, to a page of this origin.
    pub fn lease(
        &self,
        tries: &Tries,
        origin: String,
        #[wasm_bindgen(unchecked_param_type = "readonly Scope[]")] scopes: JsValue,
    ) -> Result<VirtualChannel, JsValue> {
        Ok(VirtualChannel::new(
            self.reader.transaction(),
            self.memory.borrow().under_new_lease(),
            tries.clone(),
            origin,
            argument(scopes)?,
        ))
    }

    /// Takes the card off its reader.
    pub fn remove(&self) {
        self.reader.remove();
        self.memory.replace(new_memory());
    }
}

/// The certificates of the authorities that issued the virtual cards, DER.
#[wasm_bindgen]
pub fn authorities() -> Vec<Uint8Array> {
    let image = Image::normal();
    [
        layout::jpki::USER_AUTHENTICATION_CA_CERTIFICATE,
        layout::jpki::DIGITAL_SIGNATURE_CA_CERTIFICATE,
    ]
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

fn new_memory() -> StayMemory {
    let (mut name, mut key) = ([0; 16], Zeroizing::new([0; 32]));
    OsRng.fill_bytes(&mut name);
    OsRng.fill_bytes(&mut *key);
    StayMemory::new(StayName::from_bytes(name), key)
}
