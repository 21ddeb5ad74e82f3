//! CycloneDX 1.6, in JSON: the same bytes for the same contents, so without a time or a number by chance.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Component, Contents};
use crate::dist::VERSION;

/// The list of what is inside.
pub(super) fn list(contents: &Contents) -> Result<String> {
    let Contents { name, components, roots } = contents;
    let package = format!("package:{name}");
    let needs = components.iter().map(|(reference, it)| (reference, &it.needs));
    let dependencies: Vec<_> = [(&package, roots)]
        .into_iter()
        .chain(needs)
        .map(|(reference, needs)| json!({ "ref": reference, "dependsOn": needs }))
        .collect();
    let components: Vec<_> =
        components.iter().map(|(reference, it)| component(reference, it)).collect();
    let list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": package,
                "name": name,
                "version": VERSION,
                "licenses": [{ "expression": env!("CARGO_PKG_LICENSE") }],
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    Ok(serde_json::to_string_pretty(&list)? + "\n")
}

fn component(reference: &str, component: &Component) -> Value {
    let Component { name, version, licence, repository, origin, .. } = component;
    let hashes = origin.iter().map(|it| json!({ "alg": it.algorithm, "content": it.hash }));
    let links = repository.iter().map(|url| json!({ "type": "vcs", "url": url }));
    let purl = origin.as_ref().map(|it| ("purl", json!(it.purl)));
    let fields = [
        ("type", json!("library")),
        ("bom-ref", json!(reference)),
        ("name", json!(name)),
        ("version", json!(version)),
        ("hashes", hashes.collect()),
        ("licenses", json!([{ "expression": licence }])),
        ("externalReferences", links.collect()),
    ];
    fields.into_iter().chain(purl).collect()
}
