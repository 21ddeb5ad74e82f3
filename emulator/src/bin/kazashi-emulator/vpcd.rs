//! The card's side of vpcd, vsmartcard's virtual reader.
//!
//! The card is in as long as a TCP connection stands. Each message is a length of two bytes and a
//! payload. A payload of one byte is a signal from the reader; a longer one is a command APDU,
//! which the card answers with a response APDU.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::stored_card::StoredCard;

const POWER_OFF: u8 = 0x00;
const POWER_ON: u8 = 0x01;
const RESET: u8 = 0x02;
const GET_ATR: u8 = 0x04;

const PAUSE_BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// A card in the reader, served by a thread of its own.
pub(crate) struct Insertion {
    card: Arc<Mutex<StoredCard>>,
    connection: Arc<Mutex<Connection>>,
    thread: JoinHandle<()>,
}

/// State that the thread and whoever takes the card out share.
#[derive(Default)]
struct Connection {
    stream: Option<TcpStream>,
    removed: bool,
}

impl Insertion {
    /// Puts a card in. Waits until vpcd is there.
    pub(crate) fn new(vpcd: String, card: StoredCard) -> Self {
        let card = Arc::new(Mutex::new(card));
        let connection = Arc::<Mutex<Connection>>::default();
        let mut next = connect(&vpcd, &connection);
        let thread = {
            let (card, connection) = (Arc::clone(&card), Arc::clone(&connection));
            thread::spawn(move || {
                while let Some(stream) = next {
                    let end = serve(&stream, &card);
                    lock(&card).card().power_off();
                    if !lock(&connection).removed {
                        eprintln!("vpcd is gone: {end}");
                    }
                    next = connect(&vpcd, &connection);
                }
            })
        };
        Self { card, connection, thread }
    }

    /// A warm reset behind the reader's back.
    pub(crate) fn reset(&self) {
        lock(&self.card).card().reset();
    }

    /// Takes the card out. Returns when vpcd has seen it, so that it cannot miss a card taken out
    /// and put back.
    pub(crate) fn remove(self) {
        {
            let mut connection = lock(&self.connection);
            connection.removed = true;
            if let Some(stream) = &connection.stream {
                // Fails when vpcd was faster and has closed it.
                let _ = stream.shutdown(Shutdown::Write);
            }
        }
        self.wait();
    }

    /// Returns when the card is out.
    pub(crate) fn wait(self) {
        // The thread has nothing to tell; if it panicked, it has said so.
        let _ = self.thread.join();
    }
}

/// Connects as soon as vpcd listens. Nothing, if the card is taken out before.
fn connect(vpcd: &str, connection: &Mutex<Connection>) -> Option<TcpStream> {
    let mut said = false;
    loop {
        {
            let mut connection = lock(connection);
            if connection.removed {
                return None;
            }
            match TcpStream::connect(vpcd).and_then(|stream| Ok((stream.try_clone()?, stream))) {
                Ok((clone, stream)) => {
                    connection.stream = Some(clone);
                    return Some(stream);
                }
                Err(error) if !said => {
                    eprintln!("waiting for vpcd at {vpcd}: {error}");
                    said = true;
                }
                Err(_) => {}
            }
        }
        thread::sleep(PAUSE_BETWEEN_ATTEMPTS);
    }
}

/// Answers until the connection ends, and says why it did.
fn serve(stream: &TcpStream, card: &Mutex<StoredCard>) -> io::Error {
    loop {
        if let Err(end) = answer_one(stream, card) {
            return end;
        }
    }
}

fn answer_one(stream: &TcpStream, card: &Mutex<StoredCard>) -> io::Result<()> {
    let message = read_message(stream)?;
    let mut card = lock(card);
    match *message {
        [POWER_OFF] => card.card().power_off(),
        [POWER_ON] => card.card().power_on(),
        [RESET] => card.card().reset(),
        [GET_ATR] => write_message(stream, card.card().atr())?,
        ref command => write_message(stream, &card.transmit(command))?,
    }
    Ok(())
}

fn read_message(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    acknowledge_at_once(stream)?;
    stream.read_exact(&mut length)?;
    let mut payload = vec![0; usize::from(u16::from_be_bytes(length))];
    acknowledge_at_once(stream)?;
    stream.read_exact(&mut payload)?;
    Ok(payload)
}

fn write_message(mut stream: &TcpStream, payload: &[u8]) -> io::Result<()> {
    let length = u16::try_from(payload.len()).map_err(io::Error::other)?;
    // In one piece: two writes would be two segments, and the second would wait.
    stream.write_all(&[&length.to_be_bytes(), payload].concat())
}

/// vpcd writes length and payload apart, and the second waits until the first is acknowledged: 44
/// ms, unless that happens at once. Linux forgets the wish, so it is repeated before each read.
#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) -> io::Result<()> {
    use std::os::linux::net::TcpStreamExt;

    stream.set_quickack(true)
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

/// Poison says that the other thread panicked, which it has reported itself.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
