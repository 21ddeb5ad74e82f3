use kazashi_core::value::{Method, Statement};
use serde::Deserialize;

use crate::vector::cases;

#[derive(Deserialize)]
struct Case {
    name: String,
    method: Method,
    origin: String,
    nonce: String,
    digest: String,
}

#[test]
fn statements_are_what_another_implementation_computed() {
    for case in cases::<Case>("statement") {
        let statement = Statement::new(case.method, &case.origin, &case.nonce);
        let digest: String = statement.digest().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, case.digest, "{}", case.name);
    }
}
