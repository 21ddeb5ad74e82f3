//! The bridge under load: many pages, some of which misbehave, four readers of the real pcscd, and
//! what must be true all the while and afterwards.
//!
//! `cargo xtask bench` has 500 pages of 50 origins for a minute, against the release build:
//! `KAZASHI_LOAD_PAGES=500 KAZASHI_LOAD_SECONDS=60 cargo test --release -p kazashi-bridge --test bridge alone::load:: -- --nocapture`

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use kazashi_core::value::layout;
use kazashi_core::wire::PORTS;
use kazashi_emulator::Image;
use tokio::runtime;

use crate::alone::load::notes::Notes;
use crate::harness::{
    Bridge, Figures, InsertedCard, Pcscd, Reader, Sampler, alone, folder_with, grant,
    signatures_without_a_pin,
};

mod notes;
mod page;

/// Where two entries of vpcd listen for the card of their first reader. Each has another one behind.
const VPCD: [u16; 2] = [35963, 35965];
const READERS: usize = 2 * VPCD.len();
/// How long a lease may be left unused here.
const LEASE: Duration = Duration::from_secs(2);
/// How long a page may be silent, or read nothing, here.
const IDLE: Duration = Duration::from_secs(5);
/// Nobody has a reader for longer: who reads nothing is given up once the buffers are full.
const LONGEST_LEASE: Duration = Duration::from_secs(8);
const PAGES_PER_ORIGIN: usize = 10;
/// What the allocator may keep for itself, whatever the load was.
const RSS_TOLERANCE: u64 = 4 * 1024 * 1024;

#[test]
fn many_pages_share_four_readers() {
    alone("alone::load::many_pages_share_four_readers", share_four_readers);
}

fn share_four_readers() {
    let number = |name, default| env::var(name).map_or(default, |it| it.parse().unwrap());
    let pages = number("KAZASHI_LOAD_PAGES", 50);
    let seconds = number("KAZASHI_LOAD_SECONDS", 6);

    let folder = folder_with(&configuration(pages));
    // In this process's own network. In the usual 4 MiB the bridge's answers to a page that reads
    // nothing would have room for half a minute.
    fs::write("/proc/sys/net/ipv4/tcp_wmem", "4096 16384 65536").unwrap();
    let _pcscd = start_pcscd(folder.path());
    let slots = VPCD.iter().flat_map(|&port| [port, port + 1]);
    let cards: Vec<_> = slots.map(|port| InsertedCard::insert(Image::normal(), port)).collect();
    let bridge = Bridge::serve(Arc::clone(&folder), |_| {});
    assert_eq!(bridge.port, PORTS[0]);

    let duration = Duration::from_secs(u64::try_from(seconds).unwrap());

    // The same once before it is measured: what the allocator keeps of that is used again, what
    // leaks is added to it.
    let cold = Figures::of(bridge.process_id());
    load(0..pages, duration);
    let before = settled(&bridge, None);
    let sampler = Sampler::start(bridge.process_id());
    let begin = Instant::now();
    let notes = load(0..pages, duration);
    let took = begin.elapsed();
    let peak = sampler.stop();
    let after = settled(&bridge, Some(before));

    println!("{pages} pages, {} leases in {took:.1?}", notes.leases());
    for (ahead, waits) in notes.waits() {
        let of = |part: usize| waits[(waits.len() - 1) * part / 100];
        let (p50, p95, max) = (of(50), of(95), of(100));
        println!("{ahead:>4} or more ahead: waited {p50} ms, 95 % {p95} ms, at most {max} ms");
    }
    println!("cold {cold}; before {before}; at most {peak}; afterwards {after}");
    let log = fs::metadata(bridge.path("log")).unwrap().len();
    println!("{log} bytes logged");

    assert_eq!(notes.complaints(), [""; 0]);
    assert_eq!(notes.double_owners(), [""; 0]);
    assert_eq!(notes.overtaken(), [""; 0]);
    assert_eq!(notes.starved(LONGEST_LEASE), [""; 0]);
    for card in &cards {
        let mut commands = card.commands();
        commands.retain(|(at, _)| *at >= begin);
        assert!(notes.judge(&commands) > 0);
        assert!(card.was_left_clean());
        assert_eq!(card.retries_left(layout::jpki::USER_AUTHENTICATION_PIN), 3);
        assert_eq!(card.retries_left(layout::jpki::DIGITAL_SIGNATURE_PASSWORD), 5);
    }
    assert_eq!(signatures_without_a_pin(), 0);
    assert_eq!(after.descriptors, before.descriptors);
    assert!(after.rss < before.rss + RSS_TOLERANCE, "{before} before, {after} afterwards");
    let (is_whole, said) = bridge.log_command(&["verify"]);
    assert!(is_whole, "{said}");
    println!("{}", said.trim());
}

/// A pcscd with four readers: two entries of vpcd, which has two readers each. The second is a copy
/// of the driver, since its readers would share their state with those of the first.
fn start_pcscd(folder: &Path) -> Pcscd {
    let driver = Path::new("/usr/lib/pcsc/drivers/serial/libifdvpcd.so");
    let copy = folder.join("libifdvpcd.so");
    fs::copy(driver, &copy).unwrap();
    let names = VPCD.map(|port| format!("Virtual PCD {port}"));
    let drivers = [driver, &copy];
    let reader =
        |slot: usize| Reader { name: &names[slot], port: VPCD[slot], driver: drivers[slot] };
    Pcscd::with(folder, &[reader(0), reader(1)])
}

fn configuration(pages: usize) -> String {
    let limits = format!(
        "[limits]\nsockets = {}\nsockets-per-origin = {}\nqueue = {pages}\nidle-seconds = {}\n\
         lease-seconds = {}\nhandshake-seconds = 30\n",
        2 * pages,
        2 * PAGES_PER_ORIGIN,
        IDLE.as_secs(),
        LEASE.as_secs(),
    );
    let pages = (0..pages).step_by(PAGES_PER_ORIGIN);
    limits
        + &pages
            .map(|page| grant(&origin_of(page), r#""authenticate", "page-pin""#))
            .collect::<String>()
}

fn origin_of(page: usize) -> String {
    format!("https://{}.example", page / PAGES_PER_ORIGIN)
}

/// These pages use the readers for so long.
fn load(pages: impl IntoIterator<Item = usize>, time: Duration) -> Notes {
    let notes = Arc::new(Notes::default());
    let end = Instant::now() + time;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let run = |page| page::run(page, origin_of(page), Arc::clone(&notes), end);
        let pages: Vec<_> = pages.into_iter().map(|page| tokio::spawn(run(page))).collect();
        for page in pages {
            page.await.unwrap();
        }
    });
    drop(runtime);
    Arc::into_inner(notes).unwrap()
}

/// The figures of the bridge once no connection is left: as many descriptors as before.
fn settled(bridge: &Bridge, before: Option<Figures>) -> Figures {
    let patience = Instant::now() + 2 * IDLE;
    loop {
        // A card's transaction ends after two seconds without a command.
        thread::sleep(Duration::from_secs(3));
        let figures = Figures::of(bridge.process_id());
        let is_settled = before.is_none_or(|before| figures.descriptors == before.descriptors);
        if is_settled || Instant::now() > patience {
            return figures;
        }
    }
}
