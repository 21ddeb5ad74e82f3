use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu};

/// Command and response APDUs: what was read is written as the same bytes, so that the bridge judges
/// what the card gets.
pub fn apdu(bytes: &[u8]) {
    if let Ok(command) = CommandApdu::from_bytes(bytes) {
        assert_eq!(*command.to_bytes(), bytes);
        let [cla, ins, p1, p2] = command.header();
        let built = CommandApdu::new(cla, ins, p1, p2)
            .with_data(command.data())
            .and_then(|built| built.with_ne(command.ne()))
            .expect("what was read is within bounds");
        let read = CommandApdu::from_bytes(&built.to_bytes()).expect("what is written can be read");
        assert_eq!((read.data(), read.ne()), (command.data(), command.ne()));
    }
    if let Ok(response) = ResponseApdu::from_bytes(bytes) {
        assert_eq!(*response.to_bytes(), bytes);
    }
}
