//! The time that a card takes.

use std::num::NonZeroU32;
use std::time::Duration;

use kazashi_emulator::Timing;

use crate::support::transcript::bytes;

#[test]
fn no_time_passes_by_default() {
    assert_eq!(duration(Timing::default(), "802A0097 01 00 00", "9000"), Duration::ZERO);
}

#[test]
fn every_byte_takes_ten_bits_at_the_bit_rate() {
    let timing = Timing { bit_rate: NonZeroU32::new(106), ..Timing::default() };
    let response = format!("{} 9000", "00".repeat(99));
    // 106 bytes.
    assert_eq!(duration(timing, "00B0000063", &response), Duration::from_millis(10));
    let timing = Timing { bit_rate: NonZeroU32::new(848), ..timing };
    assert_eq!(duration(timing, "00B0000063", &response), Duration::from_micros(1_250));
}

#[test]
fn a_signature_takes_its_time_on_top() {
    let timing = Timing {
        bit_rate: None,
        command: Duration::from_millis(3),
        signature: Duration::from_millis(200),
    };
    assert_eq!(duration(timing, "802A0097 01 00 00", "00 9000"), Duration::from_millis(203));
    assert_eq!(duration(timing, "802A0097 01 00 00", "6982"), Duration::from_millis(3));
    assert_eq!(duration(timing, "00B0000000", "00 9000"), Duration::from_millis(3));
    assert_eq!(duration(timing, "80", ""), Duration::from_millis(3));
}

fn duration(timing: Timing, command: &str, response: &str) -> Duration {
    timing.duration(&bytes(command), &bytes(response))
}
