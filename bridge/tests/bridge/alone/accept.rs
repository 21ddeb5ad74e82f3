//! What it costs to find out whose a connection is: the same, however many others the machine has.
//!
//! `cargo xtask bench` has 15,000 of them, beside the release build.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};
use std::{env, fs};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::harness::{Bridge, ORIGIN, alone, grant};

const TIMES: usize = 400;
/// So many wait for one who listens.
const CALLS: usize = 100;
/// The longest that may be in 95 of 100 times, with the request and its answer.
const LONGEST: Duration = Duration::from_micros(500);

#[test]
fn a_connection_is_accepted_as_fast_among_many_others() {
    alone("alone::accept::a_connection_is_accepted_as_fast_among_many_others", beside_others);
}

fn beside_others() {
    let crowd = env::var("KAZASHI_LOAD_CONNECTIONS").map_or(4000, |it| it.parse().unwrap());
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let bridge = Bridge::with(&grant(ORIGIN, r#""events""#));
    let by_itself = measure(&bridge);
    let _crowd = connections(crowd);
    let beside = measure(&bridge);
    // What it took to look them all through, as was done before.
    let table = sorted(|| drop(fs::read_to_string("/proc/self/net/tcp").unwrap()));
    for (what, times) in [
        ("accepted by itself".to_owned(), &by_itself),
        (format!("accepted beside {crowd} connections"), &beside),
        (format!("the table of {crowd} connections"), &table),
    ] {
        println!("{what}: median {:.0?}, 95 % {:.0?}", part(times, 50), part(times, 95));
    }
    assert!(part(&beside, 50) < 2 * part(&by_itself, 50) + LONGEST);
    if !cfg!(debug_assertions) {
        assert!(part(&beside, 95) <= LONGEST);
    }
}

/// Connections of which neither end is the bridge's. Nobody takes the calls: they are connections all
/// the same.
fn connections(count: usize) -> Vec<(TcpListener, Vec<TcpStream>)> {
    let mut left = count;
    std::iter::from_fn(|| {
        let calls = left.min(CALLS);
        left -= calls;
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let callers = (0..calls).map(|_| TcpStream::connect(address).unwrap()).collect();
        (calls > 0).then_some((listener, callers))
    })
    .collect()
}

/// How long it takes from the call to the answer to `/health`.
fn measure(bridge: &Bridge) -> Vec<Duration> {
    let host = format!("127.0.0.1:{}", bridge.port);
    let request = format!("GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n");
    sorted(|| {
        let mut stream = TcpStream::connect(&host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        assert_ne!(stream.read(&mut [0; 1024]).unwrap(), 0);
    })
}

fn sorted(work: impl Fn()) -> Vec<Duration> {
    let mut times: Vec<_> = (0..TIMES)
        .map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed()
        })
        .collect();
    times.sort();
    times
}

fn part(times: &[Duration], of_hundred: usize) -> Duration {
    times[(times.len() - 1) * of_hundred / 100]
}
