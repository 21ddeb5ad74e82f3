//! Answers to guarded requests, picked apart by hand: reading them through serde's tagged enums would
//! by itself take half of what a page may have to download.

use kazashi_core::codec::Hex;
use kazashi_core::wire::CardAnswer;
use wasm_bindgen::JsValue;

use crate::value::{parse, text};

/// Reads an answer that a flow waits for. None waits for attributes.
pub(crate) fn card_answer(answer: &JsValue) -> Option<CardAnswer> {
    let hex = |name| parse::<Hex>(&text(answer, name)?);
    Some(match text(answer, "type")?.as_str() {
        "response" => CardAnswer::Response { response: hex("response")? },
        "verified" => CardAnswer::Verified,
        "signed" => {
            CardAnswer::Signed { signature: hex("signature")?, certificate: hex("certificate") }
        }
        "vouched" => CardAnswer::Vouched { word: parse(&text(answer, "word")?)? },
        "document-signed" => CardAnswer::DocumentSigned {
            signature: hex("signature")?,
            certificate: hex("certificate")?,
        },
        _ => return None,
    })
}

/// Whether this is an answer to a guarded request.
pub(crate) fn is_card_answer(answer: &JsValue) -> bool {
    let attributes = ["name", "address", "birthDate", "sex", "integrity"];
    match text(answer, "type").as_deref() {
        Some("attributes") => attributes.iter().all(|name| text(answer, name).is_some()),
        _ => card_answer(answer).is_some(),
    }
}
