//! Many at once, at two servers of one database.

use std::collections::BTreeSet;
use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::client::Client;
use crate::desk::{HANAKO, VISITS, enrolling, present, with_pin};
use crate::gate::{enrolled, entry, event, import};
use crate::id;
use crate::late::{kept, pass};
use crate::server::Server;

on_every_backend! {
    numbers_of_a_day_have_no_gap_and_no_double_and_boards_hear_all_in_order,
    a_visit_that_comes_many_times_at_once_is_recorded_once,
    a_nonce_that_comes_many_times_at_once_is_good_once,
    a_ticket_lets_one_in_however_many_gates_try,
}

const WRITERS: usize = 8;

#[test]
fn a_database_that_is_away_for_ten_minutes_loses_and_doubles_none_of_a_hundred_visits() {
    const VISITS_EACH: usize = 25;
    let backend = Backend::postgres_of_its_own();
    let Backend::Postgres { cluster, .. } = &backend else { unreachable!() };
    let (server, other) = (Server::start(&backend), Server::start(&backend));
    let desks = ["desk-1", "desk-2", "desk-3", "desk-4"]
        .map(|name| server.signed_in(&backend, name, "staff"));
    let recorded = AtomicUsize::new(0);
    // Held by whoever sends: time passes between requests.
    let network = RwLock::new(());
    let numbers: Vec<_> = thread::scope(|scope| {
        let desks = desks.into_iter().enumerate().map(|(number, desk)| {
            let mut desk = desk.at([&server, &other][number % 2].socket());
            let (recorded, network) = (&recorded, &network);
            scope.spawn(move || {
                let card = Card::taro();
                let visits: Vec<_> = (0..VISITS_EACH)
                    .map(|_| kept(with_pin(&mut desk, &card, &[], &Value::Null), 1))
                    .collect();
                let sent = visits.iter().map(|visit| {
                    let answer = until_answered(&mut desk, visit, network);
                    recorded.fetch_add(1, Ordering::Relaxed);
                    answer["visit"]["number"].as_i64().unwrap()
                });
                sent.collect::<Vec<_>>()
            })
        });
        let desks: Vec<_> = desks.collect();
        while recorded.load(Ordering::Relaxed) < VISITS_EACH {
            thread::sleep(Duration::from_millis(1));
        }
        cluster.stop("immediate");
        thread::sleep(Duration::from_secs(1));
        let nobody_sends = network.write().unwrap();
        cluster.start_again();
        pass(&backend, 10);
        drop(nobody_sends);
        desks.into_iter().flat_map(|desk| desk.join().unwrap()).collect()
    });
    let distinct: BTreeSet<_> = numbers.iter().copied().collect();
    assert_eq!((numbers.len(), distinct), (100, (1..=100).collect()));
    let mut boss = server.administrator(&backend);
    assert_eq!(boss.get("/api/board/visits").expect(200)["total"], 100);
    let late = backend.dump().matches("visit-late").count();
    assert!((1..100).contains(&late), "{late}");
}

/// Sends a visit as a desk does, until the server answers.
fn until_answered(desk: &mut Client, visit: &Value, network: &RwLock<()>) -> Value {
    loop {
        let sending = network.read().unwrap();
        let answer = desk.post(VISITS, visit);
        drop(sending);
        match answer.status {
            200 | 201 => return answer.expect(answer.status),
            // The server has no database, or is gone with it.
            0 | 503 => thread::sleep(Duration::from_millis(50)),
            _ => panic!("{}: {}", answer.status, answer.body),
        }
    }
}

/// Sends each of these at once, to two servers in turn, and gives the statuses and answers.
fn at_once(servers: [&Server; 2], path: &str, requests: Vec<(Client, Value)>) -> Vec<(u16, Value)> {
    let requests = requests.into_iter().enumerate().map(|(number, (client, body))| {
        let mut client = client.at(servers[number % 2].socket());
        let path = path.to_owned();
        thread::spawn(move || {
            let answer = client.post(&path, &body);
            (answer.status, serde_json::from_str(&answer.body).unwrap())
        })
    });
    requests.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn numbers_of_a_day_have_no_gap_and_no_double_and_boards_hear_all_in_order(backend: &Backend) {
    const VISITS_EACH: usize = 6;
    let (server, other) = (Server::start(backend), Server::start(backend));
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let visit = enrolling(&mut desk, &card, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    let mut board = desk.at(other.socket()).watch(Some("0"));

    let writers = (0..WRITERS).map(|number| {
        let mut desk = desk.at([&server, &other][number % 2].socket());
        let visits: Vec<_> = (0..VISITS_EACH).map(|_| present(&mut desk, &card, HANAKO)).collect();
        thread::spawn(move || {
            let numbers = visits.iter().map(|visit| {
                // Every third one is none: it must not take a number with it.
                let mut spoilt = visit.clone();
                spoilt["id"] = json!(id());
                spoilt["nonce"] = json!("A".repeat(44));
                desk.post(VISITS, &spoilt).refused(400, "signature-mismatch");
                desk.post(VISITS, visit).expect(201)["visit"]["number"].as_i64().unwrap()
            });
            numbers.collect::<Vec<_>>()
        })
    });
    let writers: Vec<_> = writers.collect();
    let numbers: Vec<_> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
    let distinct: BTreeSet<_> = numbers.iter().copied().collect();
    let all = i64::try_from(WRITERS * VISITS_EACH).unwrap();
    assert_eq!(distinct, (2..=all + 1).collect());
    assert_eq!(numbers.len(), distinct.len());

    let told: Vec<_> = (0..=all).map(|_| board.next().unwrap()).collect();
    let sequence: Vec<i64> = told.iter().map(|event| event.id.parse().unwrap()).collect();
    assert_eq!(sequence, (1..=all + 1).collect::<Vec<_>>());
    let told: BTreeSet<_> =
        told.iter().map(|event| event.data["number"].as_i64().unwrap()).collect();
    assert_eq!(told, (1..=all + 1).collect());
}

fn a_visit_that_comes_many_times_at_once_is_recorded_once(backend: &Backend) {
    let (server, other) = (Server::start(backend), Server::start(backend));
    let mut desk = server.staff(backend);
    let visit = enrolling(&mut desk, &Card::hanako(), HANAKO);
    let requests = vec![(desk.clone(), visit); WRITERS];
    let answers = at_once([&server, &other], VISITS, requests);
    let recorded = answers.iter().filter(|(status, _)| *status == 201).count();
    assert_eq!(recorded, 1, "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|(status, answer)| { matches!(status, 200 | 201) && *answer == answers[0].1 })
    );
    assert_eq!(desk.get("/api/board/visits").expect(200)["total"], 1);
}

fn a_nonce_that_comes_many_times_at_once_is_good_once(backend: &Backend) {
    let (server, other) = (Server::start(backend), Server::start(backend));
    let mut desk = server.staff(backend);
    let visit = enrolling(&mut desk, &Card::hanako(), HANAKO);
    let requests = (0..WRITERS).map(|_| {
        let mut visit = visit.clone();
        visit["id"] = json!(id());
        (desk.clone(), visit)
    });
    let answers = at_once([&server, &other], VISITS, requests.collect());
    let (recorded, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(status, _)| *status == 201);
    assert_eq!(recorded.len(), 1);
    assert!(refused.iter().all(|(_, answer)| answer["code"] == "nonce-expired"), "{refused:?}");
    assert_eq!(desk.get("/api/board/visits").expect(200)["total"], 1);
}

fn a_ticket_lets_one_in_however_many_gates_try(backend: &Backend) {
    let (server, other) = (Server::start(backend), Server::start(backend));
    let mut boss = server.administrator(backend);
    let mut gate = server.staff(backend);
    let card = Card::hanako();
    let subject = enrolled(&mut gate, &card);
    let event = event(&mut boss);
    import(&mut boss, &event, format!("ticket,subject\nA-1,{subject}\n").as_bytes()).expect(200);
    let entries: Vec<_> = (0..WRITERS).map(|_| (gate.clone(), entry(&mut gate, &card))).collect();
    // Gates without a network come back at the same time.
    let provisional: Vec<_> = (0..WRITERS)
        .map(|_| {
            let entry = json!({ "id": id(), "ticket": "A-1", "at": "2026-08-15T10:00:00Z" });
            (gate.clone(), json!({ "entries": [entry] }))
        })
        .collect();
    let path = format!("/api/gate/events/{event}");
    let (entries, provisional) = thread::scope(|scope| {
        let servers = [&server, &other];
        let path_of_entries = format!("{path}/entries");
        let entries = scope.spawn(move || at_once(servers, &path_of_entries, entries));
        let provisional = at_once(servers, &format!("{path}/provisional"), provisional);
        (entries.join().unwrap(), provisional)
    });
    let entries = entries.iter().map(|(_, answer)| &answer["entry"]["outcome"]);
    let provisional = provisional.iter().map(|(_, answer)| &answer["entries"][0]["outcome"]);
    let outcomes: Vec<_> = entries.chain(provisional).collect();
    let admitted = outcomes.iter().filter(|outcome| **outcome == "admitted").count();
    let others = outcomes.iter().filter(|outcome| **outcome == "already-admitted").count();
    assert_eq!((admitted, others), (1, 2 * WRITERS - 1), "{outcomes:?}");
}
