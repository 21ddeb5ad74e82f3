//! The description of what may be asked (`openapi.json`), held against the server: its routes, and all
//! answers that these tests ever get.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::backend::Backend;
use crate::client::Answer;
use crate::server::{Server, program};

static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../openapi.json")).unwrap());

/// Panics if the description does not have this answer.
#[track_caller]
pub(crate) fn check(method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    let mut paths = DESCRIPTION["paths"].as_object().unwrap().iter();
    let Some((_, operations)) = paths.find(|(template, _)| fits(template, path)) else { return };
    let operation = &operations[method.to_lowercase()];
    // Strangers, and those who use another method, are sent away before.
    if operation.is_null() || answer.status == 0 {
        return;
    }
    let described = resolved(&operation["responses"][answer.status.to_string()]);
    assert!(!described.is_null(), "{method} {path}: {} is not described", answer.status);
    if answer.status >= 400 && path.starts_with("/api") {
        let schema = &described["content"]["application/json"]["schema"];
        let codes = schema["properties"]["code"]["enum"].as_array().unwrap();
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(codes.contains(&body["code"]), "{method} {path}: {body} is not described");
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(part, given)| part.starts_with('{') || part == given)
}

fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(reference) => DESCRIPTION.pointer(&reference[1..]).unwrap(),
        None => value,
    }
}

/// Whose accounts may ask this, unless everybody may.
pub(crate) fn roles(path: &str, method: &str) -> Option<Vec<&'static str>> {
    let roles = DESCRIPTION["paths"][path][method.to_lowercase()]["x-roles"].as_array()?;
    Some(roles.iter().map(|role| role.as_str().unwrap()).collect())
}

/// Paths and methods, as described.
pub(crate) fn described() -> BTreeSet<(String, String)> {
    let paths = DESCRIPTION["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, operations)| {
        operations.as_object().unwrap().keys().map(move |it| (path.clone(), it.to_uppercase()))
    });
    operations.collect()
}

#[test]
fn every_route_is_described_with_its_methods_and_no_other() {
    let source = include_str!("../../src/routes.rs");
    let (api, own) = source.split_once(".nest(\"/api\"").unwrap();
    let paths = |source: &str, before: &str| -> Vec<String> {
        let routes = source.split(".route(").skip(1);
        let path = |route: &str| route.split('"').nth(1).unwrap().to_owned();
        routes.map(|route| before.to_owned() + &path(route)).collect()
    };
    let routes = [paths(api, "/api"), paths(own, "")].concat();
    assert!(routes.len() > 15, "{routes:?}");

    let backend = Backend::sqlite();
    let server = Server::start(&backend);
    let mut boss = server.administrator(&backend);
    let mut served = BTreeSet::new();
    for path in routes {
        let answer = boss.send("BREW", &path.replace(['{', '}'], ""), None);
        assert_eq!(answer.status, 405, "{path}: {}", answer.body);
        let (_, allowed) = answer.headers.split_once("allow: ").unwrap();
        let methods = allowed.lines().next().unwrap().split(',').map(str::to_uppercase);
        let methods = methods.filter(|method| method != "HEAD");
        served.extend(methods.map(|method| (path.clone(), method)));
    }
    assert_eq!(served, described());
}

#[test]
fn a_body_has_what_is_described_and_no_more() {
    let backend = Backend::sqlite();
    let server = Server::start(&backend);
    let mut boss = server.administrator(&backend);
    let event = json!({ "name": "x", "day": "2026-10-10" });
    let event = boss.post("/api/gate/events", &event).expect(201)["event"]["id"].clone();
    let mut bodies = 0;
    for (path, method) in described() {
        let operation = &DESCRIPTION["paths"][&path][method.to_lowercase()];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let schema = resolved(schema);
        let example = &schema["example"];
        if example.is_null() || path == "/api/session" {
            continue;
        }
        bodies += 1;
        let path = path.replace("{id}", event.as_str().unwrap()).replace(['{', '}'], "");
        let mut send = |body: &Value| {
            let answer =
                boss.send(&method, &path, Some(("application/json", body.to_string().as_bytes())));
            serde_json::from_str(&answer.body).unwrap_or(Value::Null)["code"] == "invalid"
        };
        assert!(!send(example), "{method} {path}: {example}");
        let mut more = example.clone();
        more["more"] = json!(1);
        assert!(send(&more), "{method} {path} takes more than is described");
        for name in example.as_object().unwrap().keys() {
            let mut less = example.clone();
            less.as_object_mut().unwrap().remove(name);
            assert!(send(&less), "{method} {path} does not need {name}");
        }
    }
    assert_eq!(bodies, 23);
}

#[test]
fn the_program_prints_the_description() {
    let output = program().arg("openapi").output().unwrap();
    assert!(output.status.success());
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, *DESCRIPTION);
    assert_eq!(printed["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn codes_are_described_where_they_can_be() {
    let codes = |name: &str| -> BTreeSet<String> {
        let response = &DESCRIPTION["components"]["responses"][name];
        let schema = &response["content"]["application/json"]["schema"];
        let codes = schema["properties"]["code"]["enum"].as_array().unwrap().iter();
        codes.map(|code| code.as_str().unwrap().to_owned()).collect()
    };
    let all = kazashi_core::error_code::ErrorCode::ALL.iter().map(|code| code.as_str().to_owned());
    assert_eq!(codes("Unverified"), all.chain(["invalid".to_owned()]).collect());
}
