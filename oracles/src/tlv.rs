use kazashi_core::codec::tlv;

/// Data objects: those that are read stand in the file one behind the other, as they say.
pub fn tlv(bytes: &[u8]) {
    let mut rest = bytes;
    for object in tlv::read(bytes).map_while(Result::ok) {
        rest = rest.strip_prefix(object.encoded()).expect("objects follow one another");
        assert!(object.encoded().ends_with(object.value()));
        let written = tlv::write(object.tag(), object.value());
        // Lengths are written in no more bytes than needed.
        assert!(written.len() <= object.encoded().len());
        if let Some(read) = tlv::read(&written).next() {
            let read = read.expect("what is written can be read");
            assert_eq!((read.tag(), read.value()), (object.tag(), object.value()));
        }
        assert!(tlv::find(bytes, object.tag()).expect("it was read").is_some());
    }
    if let Ok((tag, value, rest)) = tlv::read_simple(bytes) {
        assert_eq!(bytes.first(), Some(&tag));
        assert!(value.len() + rest.len() < bytes.len());
    }
}
