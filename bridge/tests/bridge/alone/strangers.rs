//! Strangers who connect and say nothing, or say it a byte at a time, and come back as soon as they
//! are sent away: a listed page, a program and whoever asks for `/health` are served meanwhile.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use std::{env, thread};

use serde_json::json;

use crate::harness::{Bridge, ORIGIN, Page, alone, grant};

const STRANGERS: usize = 200;
/// How long whoever may come in waits, in the middle of all times.
const MEDIAN: Duration = Duration::from_millis(100);

#[test]
fn strangers_keep_nobody_out() {
    alone("alone::strangers::strangers_keep_nobody_out", keep_nobody_out);
}

fn keep_nobody_out() {
    let seconds = env::var("KAZASHI_LOAD_SECONDS").map_or(3, |it| it.parse().unwrap());
    let config = format!("[native]\nscopes = [\"reader\"]\n{}", grant(ORIGIN, r#""events""#));
    let bridge = Bridge::with(&config);
    let health = format!("GET /health HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", bridge.port);
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut pages, mut programs, mut asked) = (Vec::new(), Vec::new(), Vec::new());
    let returned = thread::scope(|scope| {
        let strangers = scope.spawn(|| strangers(bridge.port, end));
        while Instant::now() < end {
            pages.push(time(|| says_hello(bridge.page(ORIGIN))));
            programs.push(time(|| says_hello(Page::new(bridge.connect_program(None).unwrap()))));
            asked.push(time(|| assert!(bridge.exchange(health.as_bytes()).ends_with(b"ok"))));
            thread::sleep(Duration::from_millis(5));
        }
        strangers.join().unwrap()
    });
    println!("{STRANGERS} strangers came back {returned} times");
    for (who, mut times) in [("pages", pages), ("programs", programs), ("/health", asked)] {
        times.sort();
        let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
        println!("{} {who}: median {median:.1?}, longest {longest:.1?}", times.len());
        assert!(median <= MEDIAN, "{who} waited {median:?}");
    }
    assert!(returned > 0);
}

/// Half of them are silent and half say a byte whenever it is their turn. How often they came back?
fn strangers(port: u16, end: Instant) -> usize {
    let connect = || {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nonblocking(true).unwrap();
        stream
    };
    let mut streams = [(); STRANGERS].map(|()| connect());
    let mut returned = 0;
    while Instant::now() < end {
        for (number, stream) in streams.iter_mut().enumerate() {
            let dripped = if number % 2 == 0 { Ok(0) } else { stream.write(b"G") };
            let is_held = dripped.is_ok()
                && stream.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
            if !is_held {
                *stream = connect();
                returned += 1;
            }
        }
        thread::sleep(Duration::from_millis(1));
    }
    returned
}

fn says_hello<S: Read + Write>(mut page: Page<S>) {
    assert_eq!(page.ask(json!({ "type": "hello" }))["type"], "hello");
    page.0.close(None).unwrap();
    assert!(page.is_closed());
}

fn time(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}
