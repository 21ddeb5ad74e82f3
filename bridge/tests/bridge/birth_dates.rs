//! Birth dates as registers and cards have them: known in part, by other calendars, and on the days on
//! which an era ended.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Bridge, HOLDER, PRESENCE};

/// A card that compares this birth date.
fn card_with(digits: &'static str) -> impl FnOnce(&Path) {
    move |card| {
        let path = card.join("card.toml");
        let toml = fs::read_to_string(&path).unwrap();
        fs::write(&path, toml.replace("550217", digits)).unwrap();
    }
}

/// Has the birth date presented, and verification number B of it.
fn present(digits: &'static str, birth_date: &Value) -> [Value; 2] {
    let bridge = Bridge::start_with(card_with(digits));
    let mut requests = [
        (PRESENCE, json!({ "type": "verify-birth-date" })),
        (
            HOLDER,
            json!({ "type": "verify-number-b", "expiryYear": "2035", "securityCode": "2285" }),
        ),
    ];
    requests.each_mut().map(|(origin, request)| {
        let mut page = bridge.page(origin);
        let lease = page.acquire();
        request["lease"] = lease.clone().into();
        for (name, value) in birth_date.as_object().unwrap() {
            request[name] = value.clone();
        }
        let answer = page.ask(request.take());
        page.ask(json!({ "type": "release", "lease": lease }));
        answer
    })
}

#[test]
fn the_card_is_given_the_year_that_is_said_to_be_printed_on_it() {
    for (digits, birth_date) in [
        ("800217", json!({ "birthDate": "1980-02-17", "calendar": "western" })),
        ("550217", json!({ "birthDate": "1980-02-17", "calendar": "era" })),
        ("550217", json!({ "birthDate": "1980-02-17" })),
        ("151225", json!({ "birthDate": "1926-12-25", "calendar": "taisho" })),
        ("011225", json!({ "birthDate": "1926-12-25" })),
        ("450730", json!({ "birthDate": "1912-07-30", "calendar": "meiji" })),
        ("640107", json!({ "birthDate": "1989-01-07" })),
        ("310430", json!({ "birthDate": "2019-04-30" })),
        ("010501", json!({ "birthDate": "2019-05-01" })),
        ("200300", json!({ "birthDate": "1945-03-00" })),
        ("200000", json!({ "birthDate": "19450000" })),
    ] {
        for answer in present(digits, &birth_date) {
            assert_eq!(answer["type"], "verified", "{digits} {birth_date}: {answer}");
        }
    }
}

#[test]
fn the_other_calendar_is_never_tried_in_turn() {
    let western = json!({ "birthDate": "1980-02-17", "calendar": "western" });
    for (digits, birth_date) in
        [("550217", western), ("800217", json!({ "birthDate": "1980-02-17" }))]
    {
        for answer in present(digits, &birth_date) {
            assert_eq!(answer["retriesLeft"], 9, "{answer}");
        }
    }
}

#[test]
fn a_day_that_never_was_spends_no_try() {
    let bridge = Bridge::start();
    let mut page = bridge.page(PRESENCE);
    let lease = page.acquire();
    let mut verify = |birth_date: &str, calendar: &str| {
        page.ask(json!({
            "type": "verify-birth-date",
            "lease": lease, "birthDate": birth_date, "calendar": calendar,
        }))
    };
    for (birth_date, calendar) in [
        ("1989-01-08", "showa"),
        ("2019-05-01", "heisei"),
        ("1926-12-26", "taisho"),
        ("1912-07-31", "meiji"),
        ("1989-01-07", "heisei"),
        ("1989-00-00", "era"),
        ("0000-00-00", "western"),
    ] {
        assert_eq!(verify(birth_date, calendar)["code"], "birth-date-malformed", "{birth_date}");
    }
    assert_eq!(verify("1989-01-07", "showa")["retriesLeft"], 9);
}

#[test]
fn a_birth_date_that_is_not_on_record_voids_nothing_else() {
    for (digits, told) in [
        (b"19450300", "1945-03-00"),
        (b"19450000", "1945-00-00"),
        (b"00000000", "0000-00-00"),
        (b"194503  ", "1945-03-00"),
    ] {
        let bridge = Bridge::start_with(|card| {
            let path = card.join("card-info/0002.bin");
            let mut record = fs::read(&path).unwrap();
            let at = record.windows(8).position(|bytes| bytes == b"19800217").unwrap();
            record[at..at + 8].copy_from_slice(digits);
            fs::write(&path, record).unwrap();
        });
        bridge.will_type(&["1234"]);
        let mut page = bridge.page(HOLDER);
        let lease = page.acquire();
        let answer = page.ask(json!({ "type": "read-attributes", "lease": lease }));
        assert_eq!(answer["birthDate"], told, "{answer}");
        assert!(answer["name"].as_str().unwrap().contains('\u{3000}'), "{answer}");
        assert_eq!(answer["sex"], "female");
    }
}
