//! Words of the resource manager and of readers' drivers, and what they mean.

use kazashi_core::codec::apdu::{CommandApdu, LengthFields, ResponseApdu};
use kazashi_core::error_code::ErrorCode;

use crate::sys::SERVICE_GOES_WITH_LAST_READER;

/// SELECT.
const SELECTS: u8 = 0xA4;
/// By its P1: of an application, by its name.
const BY_NAME: u8 = 0x04;
/// READ BINARY and READ RECORD, GET DATA.
const READS: [u8; 4] = [0xB0, 0xB2, 0xCA, 0xCB];
/// PERFORM SECURITY OPERATION in the card's own class: a part of an institution's certificate.
const LOADS_CERTIFICATE: u8 = 0xA2;

/// Words about a command that was not answered, or not wholly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// What came is no answer: its end, or all of it, was lost on the way.
    Cut,
    /// The resource manager says this.
    Error(pcsc::Error),
}

/// The answer to a command.
pub(super) fn answer(command: &CommandApdu, bytes: &[u8]) -> Result<ResponseApdu, Silence> {
    match ResponseApdu::from_bytes(bytes) {
        Ok(response) if !(is_long(command) && is_cut(&response)) => Ok(response),
        // Some drivers answer with nothing when the card is pulled, and some where it would be long.
        _ => Err(Silence::Cut),
    }
}

/// Whether a reader says of a long command that it carries short ones only: under which name depends
/// on its driver. Only of commands that do no harm, and may be sent again in parts.
pub(super) fn is_for_want_of_extended_length(command: &CommandApdu, silence: Silence) -> bool {
    use pcsc::Error as E;
    let says_so = !matches!(
        silence,
        Silence::Error(
            E::Cancelled
                | E::InvalidHandle
                | E::NoMemory
                | E::NoReadersAvailable
                | E::NoService
                | E::NoSmartcard
                | E::ReaderUnavailable
                | E::RemovedCard
                | E::ResetCard
                | E::SecurityViolation
                | E::ServiceStopped
                | E::SharingViolation
                | E::Shutdown
                | E::SystemCancelled
                | E::Timeout
                | E::UnknownReader
                | E::UnpoweredCard
                | E::UnresponsiveCard
        )
    );
    says_so && is_long(command)
}

/// Whether what was sent is a part of an institution's certificate, which is not sent otherwise.
pub(super) fn loads_certificate(command: &CommandApdu) -> bool {
    command.ins() == LOADS_CERTIFICATE
}

fn is_long(command: &CommandApdu) -> bool {
    let is_harmless = READS.contains(&command.ins()) || loads_certificate(command);
    is_harmless && command.length_fields() == LengthFields::Extended
}

/// Whether a card says that something cannot be done; how many tries are left, or how a command is to
/// be sent, is no refusal.
pub(super) fn is_refusal(response: &ResponseApdu) -> bool {
    let [sw1, _] = response.status().to_bytes();
    matches!(sw1, 0x64..=0x66 | 0x68..=0x6B | 0x6D..=0x6F)
}

/// Whether an application is selected, whatever was before.
pub(super) fn selects_application(command: &CommandApdu) -> bool {
    command.ins() == SELECTS && command.p1() == BY_NAME
}

/// Whether a file is selected in an application.
pub(super) fn selects_file(command: &CommandApdu) -> bool {
    command.ins() == SELECTS && command.p1() != BY_NAME
}

/// Whether a command goes by what was selected before, and may be sent again.
pub(super) fn is_of_what_is_selected(command: &CommandApdu) -> bool {
    selects_file(command) || READS.contains(&command.ins())
}

/// An error comes without data, and begins with 6; what says otherwise is the middle of a file.
fn is_cut(response: &ResponseApdu) -> bool {
    let [sw1, _] = response.status().to_bytes();
    let is_error = matches!(sw1, 0x64..=0x6F);
    let is_status = matches!(sw1, 0x61..=0x6F) || response.status().to_bytes() == [0x90, 0x00];
    !is_status || is_error && !response.data().is_empty()
}

/// Why a card cannot be reached.
pub(super) fn code_of(error: pcsc::Error) -> ErrorCode {
    use pcsc::Error as E;
    match error {
        E::NoSmartcard => ErrorCode::NoSmartcard,
        E::RemovedCard => ErrorCode::RemovedCard,
        E::UnresponsiveCard | E::UnpoweredCard => ErrorCode::UnresponsiveCard,
        // Another program did that, which may do it at any time.
        E::SharingViolation | E::ResetCard => ErrorCode::SharingViolation,
        E::SecurityViolation => ErrorCode::ReaderAccessDenied,
        E::UnknownReader | E::ReaderUnavailable | E::NoReadersAvailable => ErrorCode::UnknownReader,
        E::NoService | E::ServiceStopped if SERVICE_GOES_WITH_LAST_READER => {
            ErrorCode::UnknownReader
        }
        error if is_of_service(error) => ErrorCode::NoService,
        _ => ErrorCode::CommunicationError,
    }
}

/// Whether the resource manager is away, or was since it gave a context.
pub(super) fn is_of_service(error: pcsc::Error) -> bool {
    use pcsc::Error as E;
    // Windows cancels what is asked when a session is locked away or ends, and takes new questions after it.
    matches!(
        error,
        E::NoService
            | E::ServiceStopped
            | E::InvalidHandle
            | E::CommError
            | E::SystemCancelled
            | E::Shutdown
    )
}

/// Why a card that was reached does not answer.
pub(super) fn code_of_silence(silence: Silence) -> ErrorCode {
    match silence {
        Silence::Cut => ErrorCode::CommunicationError,
        // It had power and spoke this protocol: another program took its power, or reset it.
        Silence::Error(pcsc::Error::UnpoweredCard | pcsc::Error::ProtoMismatch) => {
            ErrorCode::SharingViolation
        }
        Silence::Error(error) => code_of(error),
    }
}

#[cfg(test)]
mod tests {
    use kazashi_core::codec::apdu::CommandApdu;
    use kazashi_core::error_code::ErrorCode;
    use kazashi_core::value::layout::Application;
    use pcsc::Error as E;

    use super::{Silence, answer, code_of, code_of_silence, is_for_want_of_extended_length};
    use crate::sys::SERVICE_GOES_WITH_LAST_READER;

    fn read(ne: u32) -> CommandApdu {
        CommandApdu::new(0x00, 0xB0, 0x8A, 0x00).with_ne(ne).unwrap()
    }

    fn command(cla: u8, ins: u8, nc: usize) -> CommandApdu {
        CommandApdu::new(cla, ins, 0x00, 0xC1).with_data(vec![0x55; nc]).unwrap()
    }

    #[test]
    fn a_long_command_that_a_driver_cannot_carry_is_told_from_other_trouble() {
        for error in [
            E::NotTransacted,
            E::CommError,
            E::CommDataLost,
            E::InsufficientBuffer,
            E::InvalidParameter,
            E::InvalidValue,
            E::ProtoMismatch,
            E::UnsupportedFeature,
            E::UnknownError,
            E::InternalError,
        ] {
            let silence = Silence::Error(error);
            let is_for_want = |command| is_for_want_of_extended_length(&command, silence);
            assert!(is_for_want(read(65_536)), "{error:?}");
            assert!(is_for_want(command(0x80, 0xA2, 307)), "{error:?}");
            assert!(!is_for_want(read(256)), "{error:?}");
            // Not for what spends a try, signs or authenticates: that is never sent again.
            for ins in [0x20, 0x2A, 0x82, 0x88, 0x24, 0x2C] {
                assert!(!is_for_want(command(0x80, ins, 288)), "{error:?} of {ins:02X}");
            }
        }
        for error in [
            E::NoService,
            E::NoSmartcard,
            E::RemovedCard,
            E::ResetCard,
            E::UnpoweredCard,
            E::SecurityViolation,
            E::SharingViolation,
        ] {
            let silence = Silence::Error(error);
            assert!(!is_for_want_of_extended_length(&read(65_536), silence), "{error:?}");
        }
    }

    #[test]
    fn a_long_answer_that_lost_its_end_is_no_answer() {
        let whole = [&[0x30, 0x82, 0x06, 0x3E][..], &[0x5A; 254], &[0x90, 0x00]].concat();
        assert!(answer(&read(65_536), &whole).is_ok());
        for status in [[0x30, 0x82], [0x00, 0x00], [0x69, 0x82], [0x6F, 0x00], [0x90, 0x01]] {
            let cut = [&whole[..256], &status].concat();
            assert_eq!(answer(&read(65_536), &cut), Err(Silence::Cut), "{status:02X?}");
            assert!(answer(&read(256), &cut).is_ok(), "{status:02X?}");
        }
        for nothing in [&[][..], &[0x90]] {
            assert_eq!(answer(&read(65_536), nothing), Err(Silence::Cut));
            assert!(is_for_want_of_extended_length(&read(65_536), Silence::Cut));
            assert!(!is_for_want_of_extended_length(&read(256), Silence::Cut));
        }
        // The card's own words.
        for status in [[0x69, 0x82], [0x6A, 0x82], [0x67, 0x00], [0x61, 0x10]] {
            assert!(answer(&read(65_536), &status).is_ok(), "{status:02X?}");
        }
        for remark in [[0x62, 0x82], [0x61, 0x10]] {
            assert!(answer(&read(65_536), &[0x30, 0x00, remark[0], remark[1]]).is_ok());
        }
    }

    #[test]
    fn what_another_program_did_is_not_laid_to_the_card() {
        assert_eq!(code_of(E::ResetCard), ErrorCode::SharingViolation);
        for error in [E::ResetCard, E::UnpoweredCard, E::ProtoMismatch, E::SharingViolation] {
            let code = code_of_silence(Silence::Error(error));
            assert_eq!(code, ErrorCode::SharingViolation, "{error:?}");
        }
        // A card that gets no power at all is mute.
        assert_eq!(code_of(E::UnpoweredCard), ErrorCode::UnresponsiveCard);
        assert_eq!(code_of(E::SecurityViolation), ErrorCode::ReaderAccessDenied);
        let select = Application::Jpki.select();
        assert!(!is_for_want_of_extended_length(&select, Silence::Error(E::NotTransacted)));
    }

    #[test]
    fn a_service_that_goes_with_its_last_reader_is_no_trouble_of_its_own() {
        let gone = if SERVICE_GOES_WITH_LAST_READER {
            ErrorCode::UnknownReader
        } else {
            ErrorCode::NoService
        };
        assert_eq!((code_of(E::NoService), code_of(E::ServiceStopped)), (gone, gone));
        for error in [E::InvalidHandle, E::SystemCancelled, E::Shutdown] {
            assert_eq!(code_of(error), ErrorCode::NoService, "{error:?}");
        }
    }
}
