//! Reads a My Number Card over PC/SC: what it is, how many tries its PINs have left, and the user
//! authentication certificate, for which no PIN is needed.
//!
//! ```sh
//! cargo run -p read-card                    # shows
//! cargo run -p read-card certificate.der    # and saves the certificate, which tells cards apart
//! ```
#![expect(clippy::print_stdout, reason = "this is what it is for")]

use std::{env, fs, io};

use kazashi_core::card::jpki::{self, TokenLabel};
use kazashi_core::codec::apdu::{CommandApdu, MalformedResponse, ResponseApdu};
use kazashi_core::flow::{Transport, run};
use kazashi_core::value::CertificateKind;
use pcsc::{Context, Disposition, MAX_BUFFER_SIZE_EXTENDED, Protocols, Scope, ShareMode};

fn main() -> Result<(), Error> {
    let context = Context::establish(Scope::User)?;
    let readers = context.list_readers_owned()?;
    let reader = readers.first().ok_or(Error::NoReader)?;
    let mut card = context.connect(reader, ShareMode::Shared, Protocols::ANY)?;
    let mut card = Card(card.transaction()?);

    if run(jpki::token_label(), &mut card)? != TokenLabel::MyNumberCard {
        return Err(Error::OtherCard);
    }
    let pins = run(jpki::pin_status(), &mut card)?;
    let flow = jpki::read_certificate(CertificateKind::UserAuthentication);
    let certificate = run(flow, &mut card)?;
    card.0.end(Disposition::LeaveCard).map_err(|(_, error)| error)?;

    println!("reader: {}", reader.to_string_lossy());
    println!("user authentication PIN: {} tries left", pins.user_authentication.left);
    println!("digital signature password: {} tries left", pins.digital_signature.left);
    println!("user authentication certificate: {} bytes", certificate.as_der().len());
    if let Some(path) = env::args_os().nth(1) {
        fs::write(path, certificate.as_der())?;
    }
    Ok(())
}

/// The card, within a transaction: no other program speaks to it meanwhile.
struct Card<'c>(pcsc::Transaction<'c>);

impl Transport for Card<'_> {
    type Error = Error;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Error> {
        let mut buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
        let response = self.0.transmit(&command.to_bytes(), &mut buffer)?;
        Ok(ResponseApdu::from_bytes(response)?)
    }
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("no card reader is connected")]
    NoReader,
    #[error("this is not a My Number Card")]
    OtherCard,
    #[error(transparent)]
    Flow(#[from] kazashi_core::flow::Error),
    #[error(transparent)]
    Reader(#[from] pcsc::Error),
    #[error(transparent)]
    Response(#[from] MalformedResponse),
    #[error(transparent)]
    File(#[from] io::Error),
}
