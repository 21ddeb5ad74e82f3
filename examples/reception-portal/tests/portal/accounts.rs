//! Accounts, and what each role may do.

use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::server::{Server, add_account};

on_every_backend! {
    an_administrator_sees_to_accounts,
    a_new_password_ends_the_sessions_of_its_account,
    a_removed_account_is_signed_out_at_once,
    the_last_administrator_stays,
    what_is_no_account_is_refused,
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
