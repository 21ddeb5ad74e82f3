//! Accounts, and what each role may do.

use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::server::{Server, add_account, add_account_with};

on_every_backend! {
    an_administrator_sees_to_accounts,
    a_new_password_ends_the_sessions_of_its_account,
    a_removed_account_is_signed_out_at_once,
    the_last_administrator_stays,
    what_is_no_account_is_refused,
    names_that_look_the_same_are_one,
    a_password_is_the_same_however_it_is_typed,
    a_password_that_everybody_would_try_is_refused,
    staff_change_their_own_password,
}

const ACCOUNTS: &str = "/api/accounts";

fn an_administrator_sees_to_accounts(backend: &Backend) {
    let server = Server::start(backend);
    let mut administrator = server.administrator(backend);
    let account = json!({ "name": "花子", "password": "correct horse", "role": "staff" });
    administrator.post(ACCOUNTS, &account).expect(201);
    administrator.post(ACCOUNTS, &account).refused(409, "conflict");
    let accounts = administrator.get(ACCOUNTS).expect(200);
    let accounts = accounts["accounts"].as_array().unwrap();
    let names: Vec<_> = accounts.iter().map(|account| &account["name"]).collect();
    assert_eq!(names, ["boss", "花子"]);
    assert_eq!(accounts[1]["role"], "staff");
    assert!(accounts[1]["createdAt"].as_str().unwrap().ends_with('Z'));
    assert!(!accounts[1].to_string().contains("argon2"));
    server.guest().sign_in("花子", "correct horse").expect(200);
    // At the command line, too, a name is taken once.
    assert!(!add_account(backend, "花子", "administrator", "correct horse"));
    assert!(!add_account(backend, "taro", "staff", "short"));

    let mut staff = server.guest();
    staff.sign_in("花子", "correct horse").expect(200);
    for path in [ACCOUNTS, "/api/board/audit"] {
        staff.get(path).refused(403, "forbidden");
    }
    staff.post(ACCOUNTS, &account).refused(403, "forbidden");
    staff.delete("/api/accounts/boss").refused(403, "forbidden");
    staff.put("/api/accounts/boss/password", &json!({})).refused(403, "forbidden");
    staff.post("/api/gate/events", &json!({})).refused(403, "forbidden");
    staff.post("/api/gate/events/x/tickets", &json!({})).refused(403, "forbidden");
    server.guest().get(ACCOUNTS).refused(401, "signed-out");
}

fn a_new_password_ends_the_sessions_of_its_account(backend: &Backend) {
    let server = Server::start(backend);
    let mut staff = server.staff(backend);
    let mut administrator = server.administrator(backend);
    let password = json!({ "password": "battery staple" });
    assert_eq!(administrator.put("/api/accounts/staff/password", &password).status, 204);
    administrator.put("/api/accounts/nobody/password", &password).refused(404, "not-found");
    staff.get("/api/board/visits").refused(401, "signed-out");
    server.guest().sign_in("staff", "correct horse").refused(403, "wrong-password");
    server.guest().sign_in("staff", "battery staple").expect(200);
}

fn a_removed_account_is_signed_out_at_once(backend: &Backend) {
    let server = Server::start(backend);
    let mut staff = server.staff(backend);
    let mut administrator = server.administrator(backend);
    assert_eq!(administrator.delete("/api/accounts/staff").status, 204);
    administrator.delete("/api/accounts/staff").refused(404, "not-found");
    staff.get("/api/board/visits").refused(401, "signed-out");
    // Nor does somebody else of that name bring the session back.
    add_account(backend, "staff", "administrator", "correct horse");
    staff.get("/api/board/visits").refused(401, "signed-out");
}

fn the_last_administrator_stays(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    boss.delete("/api/accounts/boss").refused(409, "conflict");
    add_account(backend, "other", "administrator", "correct horse");
    let mut other = server.guest();
    other.sign_in("other", "correct horse").expect(200);
    // Each removes the other at once: one of them stays.
    let statuses = std::thread::scope(|scope| {
        let one = scope.spawn(|| boss.delete("/api/accounts/other").status);
        let two = scope.spawn(|| other.delete("/api/accounts/boss").status);
        [one.join().unwrap(), two.join().unwrap()]
    });
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
}

fn what_is_no_account_is_refused(backend: &Backend) {
    let server = Server::start(backend);
    let mut administrator = server.administrator(backend);
    let long = "x".repeat(65);
    for (name, password) in [
        ("", "correct horse"),
        (" staff", "correct horse"),
        ("a\nb", "correct horse"),
        (&long, "correct horse"),
        ("staff", "short"),
        ("staff", &"x".repeat(257)),
    ] {
        let account = json!({ "name": name, "password": password, "role": "staff" });
        administrator.post(ACCOUNTS, &account).refused(400, "invalid");
    }
    let account = json!({ "name": "staff", "password": "correct horse", "role": "owner" });
    administrator.post(ACCOUNTS, &account).refused(422, "invalid");
    administrator
        .put("/api/accounts/boss/password", &json!({ "password": "short" }))
        .refused(400, "invalid");
}

fn names_that_look_the_same_are_one(backend: &Backend) {
    let server = Server::start(backend);
    let mut administrator = server.administrator(backend);
    let account =
        |name: &str| json!({ "name": name, "password": "correct horse", "role": "staff" });
    for name in ["hana", "がく", "力也"] {
        administrator.post(ACCOUNTS, &account(name)).expect(201);
    }
    for taken in ["ｈａｎａ", "Hana", "h\u{430}na", "か\u{3099}く", "カ也"] {
        administrator.post(ACCOUNTS, &account(taken)).refused(409, "conflict");
        let refused = add_account_with(backend, taken, "staff", b"correct horse").unwrap_err();
        assert!(refused.contains("looks like it"), "{refused}");
    }
    for unseen in ["hana\u{200B}", "hana\u{202E}", "\u{FEFF}hana", "ha\u{AD}na", "\u{3164}"] {
        administrator.post(ACCOUNTS, &account(unseen)).refused(400, "invalid");
        let refused = add_account_with(backend, unseen, "staff", b"correct horse").unwrap_err();
        assert!(refused.contains("each of them is seen"), "{refused}");
    }
    // However it is typed, it is that account, and its tries are counted together.
    let mut guest = server.guest();
    let session = guest.sign_in("ＨＡＮＡ", "correct horse").expect(200);
    assert_eq!(session["account"]["name"], "hana");
    for typed in ["hana", "Hana", "ｈａｎａ", "HANA", " hana"] {
        guest.sign_in(typed, "wrong horse").refused(403, "wrong-password");
    }
    guest.sign_in("hANA", "correct horse").refused(429, "too-many-requests");
}

fn a_password_is_the_same_however_it_is_typed(backend: &Backend) {
    let server = Server::start(backend);
    let bom =
        b"\xEF\xBB\xBF\xE3\x81\x8C\xE3\x81\x8F\xE3\x81\x97\xE3\x82\x83\xE3\x81\xAEhanako123\r\n";
    add_account_with(backend, "hana", "staff", bom).unwrap();
    for typed in
        ["がくしゃのhanako123", "か\u{3099}くしゃのhanako123", "がくしゃのｈａｎａｋｏ１２３"]
    {
        server.guest().sign_in("hana", typed).expect(200);
    }
    server.guest().sign_in("hana", "かくしゃのhanako123").refused(403, "wrong-password");
    let utf_16 = [b"\xFF\xFE".to_vec(), b"c\0o\0r\0r\0e\0c\0t\0".to_vec()].concat();
    let refused = add_account_with(backend, "taro", "staff", &utf_16).unwrap_err();
    assert!(refused.contains("UTF-16"), "{refused}");
    let cp932 = b"\x82\xAA\x82\xAD\x82\xB5\x82\xE1\x82\xCChanako";
    let refused = add_account_with(backend, "taro", "staff", cp932).unwrap_err();
    assert!(refused.contains("CP932"), "{refused}");
    let refused = add_account_with(backend, "taro", "staff", b"correct horse\nand more\n");
    assert!(refused.unwrap_err().contains("more than one line"));
}

fn a_password_that_everybody_would_try_is_refused(backend: &Backend) {
    let options = ["--institution-ja", "番号町役場", "--institution-en", "Bango Town Hall"];
    let server = Server::start_with(backend, &options);
    let mut administrator = server.administrator(backend);
    for password in ["12345678", "Password1!", "hanako2026", "番号町役場2026", "bango town hall"]
    {
        let account = json!({ "name": "hanako", "password": password, "role": "staff" });
        administrator.post(ACCOUNTS, &account).refused(400, "common-password");
    }
    let password = json!({ "password": "qwertyuiop" });
    let changed = administrator.put("/api/accounts/boss/password", &password);
    changed.refused(400, "common-password");
    let refused = add_account_with(backend, "hanako", "staff", b"12345678").unwrap_err();
    assert!(refused.contains("first that others would try"), "{refused}");
}

fn staff_change_their_own_password(backend: &Backend) {
    const OWN: &str = "/api/session/password";
    let server = Server::start(backend);
    let mut here = server.signed_in(backend, "hana", "board");
    let mut elsewhere = server.signed_in(backend, "hana", "board");
    let change = |current: &str, new: &str| json!({ "current": current, "new": new });
    here.put(OWN, &change("wrong horse", "battery staple")).refused(403, "wrong-password");
    here.put(OWN, &change("correct horse", "short")).refused(400, "invalid");
    here.put(OWN, &change("correct horse", "hana1234")).refused(400, "common-password");
    elsewhere.get("/api/board/visits").expect(200);
    assert_eq!(here.put(OWN, &change("correct horse", "battery staple")).status, 204);
    here.get("/api/board/visits").expect(200);
    elsewhere.get("/api/board/visits").refused(401, "signed-out");
    server.guest().sign_in("hana", "correct horse").refused(403, "wrong-password");
    server.guest().sign_in("hana", "battery staple").expect(200);
    server.guest().put(OWN, &change("battery staple", "correct horse")).refused(401, "signed-out");
    // Whoever finds the screen open does not try passwords out.
    for _ in 0..5 {
        here.put(OWN, &change("wrong horse", "battery staple")).refused(403, "wrong-password");
    }
    let late = here.put(OWN, &change("battery staple", "correct horse"));
    late.refused(429, "too-many-requests");
}
