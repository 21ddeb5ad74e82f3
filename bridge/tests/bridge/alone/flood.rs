//! Whoever floods the bridge with connections, requests and messages costs it no more memory, log
//! and descriptors than its limits allow, and the page that is served meanwhile nothing at all.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Bridge, Figures, ORIGIN, Page, SELECT, Sampler, alone, grant, upgrade};

const TIME: Duration = Duration::from_secs(3);
const FLOODER: &str = "https://flooder.example";
/// What 32 pages can have the bridge keep: requests of 16 KiB, messages of 64 KiB each way and 16
/// answers of 4 KiB, twice over for buffers that grow; and 128 who are not in yet, requests.
const MEMORY: u64 = (32 * (16 + 2 * 64 + 16 * 4) + 128 * 16) * 2 * 1024;
/// What the log may say of refusals in a minute, of connections, and of the start.
const LINES: usize = 60;

#[test]
fn a_flood_costs_no_more_than_the_limits_allow() {
    alone("alone::flood::a_flood_costs_no_more_than_the_limits_allow", flood);
}

fn flood() {
    let bridge = Bridge::with(&format!(
        "[limits]\nhandshake-seconds = 1\nidle-seconds = 5\n{}{}",
        grant(ORIGIN, r#""authenticate""#),
        grant(FLOODER, r#""authenticate""#)
    ));
    let mut victim = bridge.page(ORIGIN);
    let lease = victim.acquire();
    victim.transmit(&lease, SELECT);
    let before = Figures::of(bridge.process_id());

    let sampler = Sampler::start(bridge.process_id());
    let end = Instant::now() + TIME;
    let floods: [fn(u16, usize); 4] = [strange_origin, endless_request, long_message, never_reads];
    let counts = [const { AtomicUsize::new(0) }; 4];
    let mut served = 0;
    thread::scope(|scope| {
        let flooding = floods.iter().zip(&counts).map(|(flood, count)| {
            scope.spawn(|| {
                while Instant::now() < end {
                    flood(bridge.port, count.fetch_add(1, Ordering::Relaxed));
                }
            })
        });
        let flooding: Vec<_> = flooding.collect();
        while flooding.iter().any(|thread| !thread.is_finished()) {
            victim.transmit(&lease, SELECT);
            served += 1;
            thread::sleep(Duration::from_millis(10));
        }
    });
    let peak = sampler.stop();
    // Who read nothing is given up only then.
    let patience = Instant::now() + Duration::from_secs(12);
    let mut after = peak;
    while after.descriptors > before.descriptors && Instant::now() < patience {
        victim.transmit(&lease, SELECT);
        thread::sleep(Duration::from_millis(100));
        after = Figures::of(bridge.process_id());
    }
    println!("{counts:?} attempts, {served} commands meanwhile");
    println!("before {before}; at most {peak}; afterwards {after}");

    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) > 0));
    assert!(served > 20, "the page was kept waiting");
    assert!(peak.rss < before.rss + MEMORY);
    assert!(after.descriptors <= before.descriptors);
    let is_at_default_level = |line: &&str| line.contains(" INFO ") || line.contains(" WARN ");
    let of_flooder = |line: &&str| line.contains("connected origin=");
    let logged = bridge.logged();
    let lines = logged.lines().filter(is_at_default_level).filter(|line| !of_flooder(line));
    assert!(lines.count() < LINES, "{logged}");
}

/// A page that nobody allowed, each time another.
fn strange_origin(port: u16, attempt: usize) {
    assert!(connect(port, &format!("https://{attempt}.example")).is_none());
}

fn connect(port: u16, origin: &str) -> Option<Page> {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut page = Page::new(upgrade(stream, Some(origin), &format!("127.0.0.1:{port}")).ok()?);
    // One too many is told so, and hung up on.
    let is_let_in = page.0.send(Message::text(r#"{"id":1,"type":"hello"}"#)).is_ok()
        && page.0.read().is_ok_and(|answer| answer.to_text().is_ok_and(|it| it.contains("hello")));
    is_let_in.then_some(page)
}

/// Many requests at once that never end.
fn endless_request(port: u16, _: usize) {
    let request = format!("GET / HTTP/1.1\r\ncookie: {}", "x".repeat(16_000));
    let streams = [(); 40].map(|()| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        // The bridge may have closed it.
        let _ = stream.write_all(request.as_bytes());
        stream
    });
    thread::sleep(Duration::from_secs(1));
    drop(streams);
}

/// A listed page whose message is long and never whole.
fn long_message(port: u16, _: usize) {
    let Some(mut page) = connect(port, FLOODER) else { return };
    // Masked with zeros, 65536 bytes, of which the last is missing.
    let _ = page.0.get_mut().write_all(&[0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    let _ = page.0.get_mut().write_all(&[b' '; 65_535]);
    thread::sleep(Duration::from_millis(100));
}

/// A listed page that asks and asks, and reads nothing.
fn never_reads(port: u16, _: usize) {
    let Some(mut page) = connect(port, FLOODER) else { return };
    let question = Message::text(json!({ "id": 1, "type": "hello" }).to_string());
    for _ in 0..2000 {
        if page.0.send(question.clone()).is_err() {
            return;
        }
    }
}
