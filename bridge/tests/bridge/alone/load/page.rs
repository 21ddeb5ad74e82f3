//! A page that waits for a reader as `kazashi` does, does something realistic with the card, or
//! misbehaves.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use kazashi_core::value::{Method, Statement};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::alone::load::notes::{Notes, Tenure, Wait};
use crate::alone::load::{IDLE, LEASE, READERS};
use crate::harness::{READ_CERTIFICATE, SELECT};

/// How soon a page asks again for a reader that is taken (js/src/kazashi.ts).
const RETRY: Duration = Duration::from_millis(500);
/// A place in the queue is lost by who does not ask for so long (src/reader/lease.rs).
const PLACE: Duration = Duration::from_secs(2);

/// What a page does once it has a lease, or before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Reads the certificate and the counters, has the card sign, and gives the lease back.
    Honest,
    /// Keeps the lease for as long as it may, and does nothing.
    Hogs,
    /// Is gone in the middle.
    Drops,
    /// Says what is no message of the protocol.
    Raves,
    /// Asks for more and more, and reads none of it.
    NeverReads,
    /// Asks once, and then keeps the connection without asking again.
    WalksAway,
}

impl Manner {
    /// Most are honest. One of ten misbehaves.
    pub(crate) fn of(page: usize) -> Self {
        match page % 50 {
            7 => Self::Hogs,
            17 => Self::Drops,
            27 => Self::Raves,
            37 => Self::NeverReads,
            47 => Self::WalksAway,
            _ => Self::Honest,
        }
    }
}

/// What a page was told that it should not have been.
pub(crate) type Complaint = String;

/// One connection.
struct Connection {
    socket: WebSocketStream<TcpStream>,
    id: u32,
    /// The readers, as this origin knows them.
    ids: Vec<String>,
}

/// A lease, and since when.
struct Lease {
    reader: String,
    lease: String,
    asked: Instant,
    granted: Instant,
}

/// Uses the readers until the time is over, connecting anew whenever it lost its connection.
pub(crate) async fn run(page: usize, origin: String, notes: Arc<Notes>, end: Instant) {
    while Instant::now() < end {
        if let Err(complaint) = connected(page, &origin, &notes, end).await {
            notes.complain(format!("page {page}, {:?}: {complaint}", Manner::of(page)));
            sleep(RETRY).await;
        }
    }
}

async fn connected(
    page: usize,
    origin: &str,
    notes: &Notes,
    end: Instant,
) -> Result<(), Complaint> {
    let manner = Manner::of(page);
    let mut connection = Connection::open(origin, manner).await?;
    while Instant::now() < end {
        if manner == Manner::WalksAway {
            connection.ask_once(page, notes).await?;
            sleep(2 * PLACE).await;
            continue;
        }
        let Some(lease) = connection.acquire(page, notes, end).await? else { break };
        let Lease { reader, asked, granted, .. } = &lease;
        let (until, over) = match manner {
            Manner::Honest => connection.sign_in(page, origin, notes, &lease).await?,
            Manner::Hogs => connection.hog(&lease).await?,
            Manner::Drops => {
                connection.transmit(&lease, SELECT).await?;
                connection.mark(page, &lease).await?;
                let until = Instant::now();
                drop(connection);
                notes.held(Tenure::new(page, reader, *asked, *granted, until, until));
                return Ok(());
            }
            Manner::Raves => {
                let until = Instant::now();
                connection.send("{\"id\":1,\"type\":\"shutdown\"").await?;
                while connection.read().await.is_some() {}
                notes.held(Tenure::new(page, reader, *asked, *granted, until, Instant::now()));
                return Ok(());
            }
            Manner::NeverReads => {
                connection.read_nothing(&lease).await;
                notes.held(Tenure::new(page, reader, *asked, *granted, *granted, Instant::now()));
                return Ok(());
            }
            Manner::WalksAway => unreachable!("it has no lease"),
        };
        notes.held(Tenure::new(page, reader, *asked, *granted, until, over));
    }
    Ok(())
}

impl Connection {
    async fn open(origin: &str, manner: Manner) -> Result<Self, Complaint> {
        let mut request =
            "ws://127.0.0.1:27390/".into_client_request().map_err(|error| error.to_string())?;
        for (name, value) in [("origin", origin), ("sec-websocket-protocol", "kazashi.v1")] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let socket = TcpSocket::new_v4().unwrap();
        if manner == Manner::NeverReads {
            socket.set_recv_buffer_size(4096).unwrap();
        }
        let address = "127.0.0.1:27390".parse().unwrap();
        let stream = socket.connect(address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).unwrap();
        let (socket, _) = client_async(request, stream).await.map_err(|error| error.to_string())?;
        Ok(Self { socket, id: 0, ids: Vec::new() })
    }

    async fn send(&mut self, text: &str) -> Result<(), Complaint> {
        self.socket.send(Message::text(text)).await.map_err(|error| error.to_string())
    }

    /// The next message, unless the bridge closed the connection.
    async fn read(&mut self) -> Option<Value> {
        loop {
            match self.socket.next().await?.ok()? {
                Message::Text(text) => return serde_json::from_str(&text).ok(),
                Message::Ping(_) | Message::Pong(_) => {}
                _ => return None,
            }
        }
    }

    async fn ask(&mut self, mut request: Value) -> Result<Value, Complaint> {
        self.id += 1;
        request["id"] = self.id.into();
        self.send(&request.to_string()).await?;
        let mut answer = json!({ "type": "reader-free" });
        while answer["type"] == "reader-free" {
            answer = self.read().await.ok_or("the bridge closed the connection")?;
        }
        if answer["id"] == self.id {
            return Ok(answer);
        }
        // Nothing else but the end of a lease is told without being asked for.
        Err(format!("told {answer} instead of being answered {request}"))
    }

    async fn ask_for(&mut self, reader: &str) -> Result<Value, Complaint> {
        let id = &self.ids[reader.parse::<usize>().unwrap()];
        self.ask(json!({ "type": "acquire", "reader": id })).await
    }

    async fn expect(&mut self, request: Value, kind: &str) -> Result<Value, Complaint> {
        let answer = self.ask(request).await?;
        if answer["type"] == kind { Ok(answer) } else { Err(answer.to_string()) }
    }

    /// The readers that this page would take, by their places in the list: half of all pages take any,
    /// the others one each. Each origin knows them by identifiers of its own, in the same order.
    async fn readers(&mut self, page: usize) -> Result<Vec<String>, Complaint> {
        loop {
            let answer = self.expect(json!({ "type": "list-readers" }), "readers").await?;
            let readers = answer["readers"].as_array().into_iter().flatten();
            self.ids = readers.filter_map(|it| Some(it["id"].as_str()?.to_owned())).collect();
            match self.ids.len() {
                // The bridge has just been started.
                0..READERS => sleep(RETRY).await,
                count if page.is_multiple_of(2) => {
                    return Ok((0..count).map(|place| place.to_string()).collect());
                }
                count => return Ok(vec![(page / 2 % count).to_string()]),
            }
        }
    }

    /// Asks again and again until one of the readers is had, or the time is over.
    async fn acquire(
        &mut self,
        page: usize,
        notes: &Notes,
        end: Instant,
    ) -> Result<Option<Lease>, Complaint> {
        let readers = self.readers(page).await?;
        let mut places = HashMap::<String, Place>::new();
        loop {
            for reader in &readers {
                let asked = Instant::now();
                let ahead = notes.ahead(reader);
                if !places.contains_key(reader) {
                    notes.joins(reader);
                }
                let answer = self.ask_for(reader).await?;
                let answered = Instant::now();
                let place = places
                    .entry(reader.clone())
                    .or_insert_with(|| Place::new(asked, answered, ahead));
                if answered - place.last >= PLACE {
                    // It may have lost its place, for asking too late.
                    *place = Place::new(asked, answered, ahead);
                }
                (place.last, place.answered) = (asked, answered);
                match (answer["type"].as_str(), answer["code"].as_str()) {
                    (_, Some("reader-busy")) => {}
                    (Some("acquired"), _) => {
                        let lease = answer["lease"].as_str().unwrap_or_default().to_owned();
                        let place = places.remove(reader).unwrap();
                        notes.waited(place.wait(page, reader, true));
                        places.keys().for_each(|reader| notes.leaves(reader));
                        let reader = reader.clone();
                        return Ok(Some(Lease { reader, lease, asked, granted: answered }));
                    }
                    _ => return Err(answer.to_string()),
                }
            }
            if Instant::now() >= end {
                for (reader, place) in &places {
                    notes.waited(place.wait(page, reader, false));
                }
                return Ok(None);
            }
            sleep(RETRY).await;
        }
    }

    async fn ask_once(&mut self, page: usize, notes: &Notes) -> Result<(), Complaint> {
        for reader in self.readers(page).await? {
            let asked = Instant::now();
            let answer = self.ask_for(&reader).await?;
            if let Some(lease) = answer["lease"].as_str() {
                let granted = Instant::now();
                let until = Instant::now();
                let release = json!({ "type": "release", "lease": lease });
                self.expect(release, "released").await?;
                notes.held(Tenure::new(page, &reader, asked, granted, until, Instant::now()));
            }
        }
        Ok(())
    }

    async fn transmit(&mut self, lease: &Lease, command: &str) -> Result<String, Complaint> {
        let request = json!({ "type": "transmit", "lease": lease.lease, "command": command });
        let answer = self.expect(request, "response").await?;
        let response = answer["response"].as_str().unwrap_or_default();
        Ok(response.to_owned())
    }

    /// Reads one byte of the certificate, at an offset that tells this page from all others.
    async fn mark(&mut self, page: usize, lease: &Lease) -> Result<(), Complaint> {
        self.transmit(lease, READ_CERTIFICATE).await?;
        let response = self.transmit(lease, &format!("00B0{page:04X}01")).await?;
        if response.len() == 6 { Ok(()) } else { Err(response) }
    }

    /// Returns when it gave the lease back, and when that was answered.
    async fn sign_in(
        &mut self,
        page: usize,
        origin: &str,
        notes: &Notes,
        lease: &Lease,
    ) -> Result<(Instant, Instant), Complaint> {
        static SIGNATURES: AtomicUsize = AtomicUsize::new(0);
        self.transmit(lease, SELECT).await?;
        self.mark(page, lease).await?;
        for (counter, expected) in [("00200098", "63C3"), ("0020009B", "63C5")] {
            let response = self.transmit(lease, counter).await?;
            if response != expected {
                return Err(format!("counter: {response}"));
            }
        }
        let nonce = format!("{:0>44}", SIGNATURES.fetch_add(1, Ordering::Relaxed));
        notes.signs(page, Statement::new(Method::Pin, origin, &nonce));
        let sign = json!({
            "type": "sign-challenge", "lease": lease.lease, "key": "user-authentication",
            "nonce": nonce, "pin": { "value": "1234" }
        });
        self.expect(sign, "signed").await?;
        let until = Instant::now();
        let release = json!({ "type": "release", "lease": lease.lease });
        self.expect(release, "released").await?;
        Ok((until, Instant::now()))
    }

    /// Waits until the lease is taken away, which must not be too early.
    async fn hog(&mut self, lease: &Lease) -> Result<(Instant, Instant), Complaint> {
        match timeout(2 * LEASE, self.read()).await {
            Ok(Some(told)) if told["type"] == "lease-lost" => {
                let held = lease.asked.elapsed();
                if held < LEASE {
                    return Err(format!("the lease was lost after {held:?}"));
                }
            }
            Ok(told) => return Err(format!("told {told:?}")),
            // Nobody wanted it.
            Err(_) => {
                let release = json!({ "type": "release", "lease": lease.lease });
                self.ask(release).await?;
            }
        }
        Ok((lease.asked + LEASE, Instant::now()))
    }

    /// Has the certificate read until the bridge gives up: more than the buffers in between hold. The
    /// bridge goes on to wait for an answer to its closing handshake, but nobody else waits for that.
    async fn read_nothing(&mut self, lease: &Lease) {
        let mut ask = async |command: &str| {
            self.id += 1;
            let request = json!({
                "type": "transmit", "id": self.id, "lease": lease.lease, "command": command
            });
            let send = self.socket.send(Message::text(request.to_string()));
            timeout(IDLE + Duration::from_secs(1), send).await.is_ok_and(|sent| sent.is_ok())
        };
        let mut goes_on = ask(SELECT).await;
        while goes_on {
            // Not sent at once where the bridge reads no more.
            goes_on = ask(READ_CERTIFICATE).await;
        }
    }
}

/// A place in the queue of a reader.
struct Place {
    /// When it was asked for, and when it was certainly had.
    first: Instant,
    queued: Instant,
    last: Instant,
    answered: Instant,
    /// So many waited for that reader, or had it.
    ahead: usize,
}

impl Place {
    fn new(asked: Instant, answered: Instant, ahead: usize) -> Self {
        Self { first: asked, queued: answered, last: asked, answered, ahead }
    }

    fn wait(&self, page: usize, reader: &str, was_granted: bool) -> Wait {
        let &Self { first, queued, ahead, answered, .. } = self;
        let reader = reader.to_owned();
        Wait { page, reader, first, queued, ahead, ended: answered, was_granted }
    }
}
