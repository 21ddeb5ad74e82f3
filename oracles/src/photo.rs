use kazashi_photo::Photo;

/// Photographs of card faces, as the page decodes them. In the page a panic would end the decoder's
/// module, which is started anew: here it is a finding all the same.
pub fn photo(bytes: &[u8]) {
    if let Some(Photo { width, height, rgba, .. }) = Photo::decode(bytes) {
        assert!((1..=1024).contains(&width) && (1..=1024).contains(&height));
        assert_eq!(u32::try_from(rgba.len()), Ok(4 * width * height));
    }
}
