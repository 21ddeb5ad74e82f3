use std::{fs, path::PathBuf, sync::LazyLock};

pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

/// The commands that bring both certificates of a terminal to the card: body, signature, body,
/// signature.
pub(crate) static CERTIFICATE_COMMANDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let certificates = ["terminal-intermediate.cv", "terminal.cv"];
    let commands = certificates.into_iter().flat_map(|name| {
        let certificate = fs::read(path("cv-certificates").join(name)).unwrap();
        let (body, signature) = certificate.split_at(307);
        [
            [&b"\x80\xA2\x06\xC1\x00\x01\x33"[..], body].concat(),
            [&b"\x80\xA2\x00\xC1\x00\x01\x05"[..], signature].concat(),
        ]
    });
    commands.collect()
});

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "vectors", name].iter().collect()
}
