//! Bounds the memory of the module: an image that says it needs more is none of a card.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "wasm32") {
        println!("cargo::rustc-link-arg=--max-memory={}", 128 << 20);
    }
}
