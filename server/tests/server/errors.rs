use kazashi_core::error_code::ErrorCode;
use kazashi_server::{
    NonceError, Refusal, SessionError, SignerError, StayError, StoreError, TerminalError, TieError,
};

fn unavailable() -> StoreError {
    StoreError::Unavailable { because: "it restarts".to_owned() }
}

#[test]
fn what_a_request_ends_in_has_a_row_in_the_table_of_errors() {
    assert_eq!(NonceError::NotGood.code(), ErrorCode::NonceExpired);
    assert_eq!(SessionError::NotFound.code(), ErrorCode::NonceExpired);
    for error in [
        TerminalError::NotADesk,
        TerminalError::RequestMalformed,
        TerminalError::Refused(Refusal::Stay(StayError::BridgeRevoked)),
        TerminalError::Signer(SignerError::PinRefused),
    ] {
        assert_eq!(error.code(), ErrorCode::TerminalNotSigned, "{error}");
    }
}

#[test]
fn a_store_that_gives_no_answer_is_told_apart_from_a_refusal() {
    assert_eq!(unavailable().code(), ErrorCode::Timeout);
    assert_eq!(NonceError::from(unavailable()).code(), ErrorCode::Timeout);
    assert_eq!(SessionError::from(unavailable()).code(), ErrorCode::Timeout);
    assert_eq!(TerminalError::from(unavailable()).code(), ErrorCode::Timeout);
    assert_eq!(TieError::from(unavailable()).code(), ErrorCode::Timeout);
}
