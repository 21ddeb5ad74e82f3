#![no_main]
//! Photographs of card faces, as the page decodes them. In the page a panic would end the decoder's
//! module, which is started anew: here it is a finding all the same.

use libfuzzer_sys::fuzz_target;

use crate::photo::Photo;

// The module is for pages, so its decoder comes as the file that it is.
#[path = "../../wasm/card-face/src/photo.rs"]
mod photo;

fuzz_target!(|bytes: &[u8]| {
    if let Some(Photo { width, height, rgba }) = Photo::decode(bytes) {
        assert!((1..=1024).contains(&width) && (1..=1024).contains(&height));
        assert_eq!(u32::try_from(rgba.len()), Ok(4 * width * height));
    }
});
