//! What each role may ask.

use crate::backend::{Backend, on_every_backend};
use crate::openapi;
use crate::server::Server;

on_every_backend! {
    each_role_may_ask_for_its_own_screens_alone,
}

const ROLES: [&str; 5] = ["board", "desk", "gate", "staff", "administrator"];

fn each_role_may_ask_for_its_own_screens_alone(backend: &Backend) {
    let server = Server::start(backend);
    let mut routes: Vec<_> = openapi::described().into_iter().collect();
    // One does not end by itself, the other ends the session.
    routes.retain(|(path, method)| {
        path != "/api/board/stream"
            && (path.as_str(), method.as_str()) != ("/api/session", "DELETE")
    });
    for role in ROLES {
        let mut client = server.signed_in(backend, &format!("one of {role}"), role);
        for (path, method) in &routes {
            let roles = openapi::roles(path, method);
            let is_among_them = roles.as_ref().is_none_or(|roles| roles.contains(&role));
            // Of who may ask, this is refused for what it says, or done.
            let path = path.replace(['{', '}'], "");
            let answer = client.send(method, &path, Some(("application/json", b"{}")));
            assert_eq!(answer.status == 403, !is_among_them, "{role} {method} {path}");
            assert_ne!(answer.status, 401, "{role} {method} {path}");
        }
        // Nobody asks for what is not there.
        client.get("/api/nothing").refused(404, "not-found");
        assert_eq!(client.delete("/api/session").status, 204);
        let mut client = server.signed_in(backend, &format!("one of {role}"), role);
        match ["board", "staff", "administrator"].contains(&role) {
            true => drop(client.watch(None)),
            false => client.get("/api/board/stream").refused(403, "forbidden"),
        }
    }
}

#[test]
fn the_documents_have_the_table_that_the_server_keeps_to() {
    for document in [include_str!("../../README.md"), include_str!("../../README.ja.md")] {
        for line in [
            "| `board` | ✓ | | | |",
            "| `desk` | | ✓ | | |",
            "| `gate` | | | ✓ | |",
            "| `staff` | ✓ | ✓ | ✓ | |",
            "| `administrator` | ✓ | ✓ | ✓ | ✓ |",
        ] {
            assert!(document.contains(line), "{line}");
        }
    }
}
