//! VERIFY (card.md 3.6 and 4.2): what it answers, what it counts, and how long it lasts.

use kazashi_emulator::{Application, Card, Contents, Ef, Image, Pin};

use crate::support::transcript::{in_jpki, play};

#[test]
fn verify_without_data_asks_for_the_retry_counter() {
    in_jpki(
        "> 00A4020C 02 0018
         < 9000
         > 00200080
         < 63C3
         > 0020008000
         < 63C3
         > 0020009B
         < 63C5
         > 00200080
         < 63C5",
    );
}

#[test]
fn the_retry_counter_is_told_even_after_the_pin() {
    in_jpki(
        "> 00200098 04 31323334
         < 9000
         > 00200098
         < 63C3",
    );
}

#[test]
fn a_wrong_pin_reports_the_retry_counter() {
    in_jpki(
        "> 00A4020C 02 0018
         < 9000
         > 00200080 04 30303030
         < 63C2
         > 00200080
         < 63C2",
    );
}

#[test]
fn each_pin_has_its_own_counter() {
    in_jpki(
        "> 00200098 04 30303030
         < 63C2
         > 0020009B 06 303030303030
         < 63C4
         > 00200098
         < 63C2",
    );
}

#[test]
fn a_correct_pin_restores_the_counter() {
    in_jpki(
        "> 00200098 04 30303030
         < 63C2
         > 00200098 04 31323334
         < 9000
         > 00200098
         < 63C3",
    );
}

#[test]
fn a_blocked_pin_answers_6984_to_any_value_and_63c0_to_the_query() {
    in_jpki(
        "> 00200098 04 30303030
         < 63C2
         > 00200098 04 30303030
         < 63C1
         > 00200098 04 30303030
         < 63C0
         > 00200098 04 30303030
         < 6984
         > 00200098 04 31323334
         < 6984
         > 00200098
         < 63C0
         ! power
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00200098 04 31323334
         < 6984",
    );
}

#[test]
fn a_wrong_pin_takes_back_what_a_correct_one_gave() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         > 0020009B 06 414243313234
         < 63C4
         > 00B0810004
         < 6982",
    );
}

#[test]
fn verify_refuses_what_is_no_pin() {
    in_jpki(
        "> 00200080
         < 6986
         > 0020009D
         < 6A82
         > 0020008A
         < 6981
         > 00200097
         < 6981
         > 00200100
         < 6A86
         > 00200000
         < 6A86
         > 00200018
         < 6A86
         > 00200098 11 3132333435363738393031323334353637
         < 6700
         > 00200098
         < 63C3",
    );
}

#[test]
fn another_application_forgets_the_pins() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         > 00A4040C 07 A0000001510000
         < 9000
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00B0810004
         < 6982",
    );
}

#[test]
fn the_same_application_and_a_failed_select_remember_the_pins() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00B0000004
         < 6986
         > 00A4040C 0A D3921000310001010401
         < 6A82
         > 00B0810004
         < 3082 ... 9000",
    );
}

#[test]
fn a_warm_reset_leaves_the_application_but_remembers_the_pins() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         ! reset
         > 00B0810004
         < 6A82
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00B0810004
         < 3082 ... 9000",
    );
}

#[test]
fn the_card_manager_forgets_the_pins_after_a_warm_reset_too() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         ! reset
         > 00A4040C 07 A0000001510000
         < 9000
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00B0810004
         < 6982",
    );
}

#[test]
fn a_card_without_power_forgets_the_pins() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         ! power
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00B0810004
         < 6982",
    );
}

#[test]
fn a_change_of_counters_is_told_once() {
    let mut card = in_jpki("> 00200098 04 31323334\n< 9000");
    assert!(!card.take_changed(), "the counter was full already");
    play(&mut card, "> 00200098 04 30303030\n< 63C2");
    assert!(card.take_changed());
    assert!(!card.take_changed());
    play(&mut card, "> 00200098 04 31323334\n< 9000");
    assert!(card.take_changed());
    let retries_left: Vec<_> = card.image().pins().map(|(_, pin)| pin.retries_left()).collect();
    assert_eq!(retries_left[..2], [3, 5]);
}

#[test]
fn a_card_starts_with_the_counters_of_its_image() {
    let ef = Ef { application: Application::Jpki, id: 0x0018 };
    let pin = Pin::with_retries_left("1234", 1, 3).unwrap();
    let mut card = Card::new(Image::normal().with(ef, Contents::Pin(pin)));
    play(
        &mut card,
        "> 00A4040C 0A D392F000260100000001
         < 9000
         > 00200098
         < 63C1",
    );
}

/// Date of birth and verification numbers of the card surface application (card.md 3.3).
mod card_surface {
    use kazashi_emulator::{Card, Image, Variant};

    use crate::support::transcript::card_surface::{PRESENT_B, SELECT};
    use crate::support::transcript::{in_card_surface, play};

    #[test]
    fn an_issued_date_of_birth_has_ten_tries() {
        let mut card = in_card_surface("> 00200091\n< 63CA");
        for left in (0..10).rev() {
            play(&mut card, &format!("> 00200091 06 303030303030\n< 63C{left}"));
        }
        play(
            &mut card,
            "> 00200091 06 353530323137
             < 6984
             > 00200091
             < 63C0
             > 00B0810001
             < 6982",
        );
    }

    #[test]
    fn the_date_of_birth_has_the_year_of_the_era() {
        in_card_surface("> 00200091 06 383030323137\n< 63C9");
        let mut card = Card::new(Image::of(Variant::AnotherPerson));
        play(&mut card, SELECT);
        play(&mut card, "> 00200091 06 303730323137\n< 9000");
    }

    #[test]
    fn pins_open_their_own_application_only() {
        let mut card = in_card_surface(
            "> 00200091 06 353530323137
             < 9000
             > 00A4040C 0A D392F000260100000001
             < 9000
             > 802A0097 01 55 00
             < 6982
             > 00200098 04 31323334
             < 9000",
        );
        play(&mut card, SELECT);
        play(&mut card, "> 00B0810001\n< 6982");
    }

    #[test]
    fn the_numbers_have_ten_tries_each() {
        for (p2, wrong, right) in [
            ("92", "0E 3535303231373230333530303030", "0E 3535303231373230333532323835"),
            ("93", "0C 313131313131313131313138", "0C 313233343536373839303138"),
        ] {
            let mut card = in_card_surface(&format!("> 002000{p2}\n< 63CA"));
            play(&mut card, &format!("> 002000{p2} {wrong}\n< 63C9\n> 002000{p2} {right}\n< 9000"));
            for left in (0..10).rev() {
                play(
                    &mut card,
                    &format!("> 002000{p2} {wrong}\n< 63C{left}\n> 00B0820001\n< 6982"),
                );
            }
            play(&mut card, &format!("> 002000{p2} {right}\n< 6984\n> 002000{p2}\n< 63C0"));
            play(&mut card, "> 00200091\n< 63CA");
        }
    }

    #[test]
    fn a_number_of_another_length_costs_a_try_and_one_too_long_for_any_does_not() {
        in_card_surface(
            "> 00200092 06 353530323137
             < 63C9
             > 00200092 11 3535303231373230333532323835 303030
             < 6700
             > 00200092
             < 63C9",
        );
    }

    #[test]
    fn the_numbers_stay_presented_until_another_application() {
        let read = "> 00B0820002\n< FF20 9000";
        let mut card = in_card_surface(PRESENT_B);
        play(&mut card, read);
        play(&mut card, SELECT);
        play(&mut card, read);
        play(&mut card, "! reset");
        play(&mut card, SELECT);
        play(&mut card, read);
        for another in ["00A4040C 0A D3921000310001010408", "00A4040C 07 A0000001510000"] {
            play(&mut card, &format!("> {another}\n< 9000"));
            play(&mut card, SELECT);
            play(&mut card, "> 00B0820002\n< 6982");
            play(&mut card, PRESENT_B);
        }
        play(&mut card, "! power");
        play(&mut card, SELECT);
        play(&mut card, "> 00B0820002\n< 6982");
    }
}

/// PIN and verification numbers of the card information input support application (card.md 3.2).
mod card_information {
    use crate::support::transcript::card_information::{PRESENT_PIN, SELECT};
    use crate::support::transcript::{in_card_information, play};

    #[test]
    fn each_opener_has_its_own_counter() {
        for (p2, tries, wrong, right) in [
            ("91", 3, "04 30303030", "04 31323334"),
            ("94", 10, "0C 313131313131313131313138", "0C 313233343536373839303138"),
            ("95", 10, "0E 3535303231373230333530303030", "0E 3535303231373230333532323835"),
        ] {
            let mut card = in_card_information(&format!("> 002000{p2}\n< 63C{tries:X}"));
            play(&mut card, &format!("> 002000{p2} {right}\n< 9000\n> 00B0830001\n< FF 9000"));
            for left in (0..tries).rev() {
                play(&mut card, &format!("> 002000{p2} {wrong}\n< 63C{left:X}"));
                play(&mut card, "> 00B0830001\n< 6982");
            }
            play(&mut card, &format!("> 002000{p2} {right}\n< 6984\n> 002000{p2}\n< 63C0"));
            let others: Vec<_> =
                card.image().pins().filter(|(_, pin)| pin.retries_left() == 0).collect();
            assert_eq!(others.len(), 2, "this one, and the one that no card uses");
        }
    }

    #[test]
    fn one_key_reference_is_unused_on_all_cards() {
        in_card_information(
            "> 00200092
             < 63C0
             > 00200092 04 31323334
             < 6984
             > 00240192 04 35363738
             < 6982",
        );
    }

    #[test]
    fn what_was_presented_stays_so_until_another_application() {
        let (open, closed) = ("> 00B0820002\n< FF20 9000", "> 00B0820002\n< 6982");
        let mut card = in_card_information(PRESENT_PIN);
        play(&mut card, open);
        play(&mut card, SELECT);
        play(&mut card, open);
        play(&mut card, "! reset");
        play(&mut card, SELECT);
        play(&mut card, open);
        for another in ["00A4040C 0A D392F000260100000001", "00A4040C 07 A0000001510000"] {
            play(&mut card, &format!("> {another}\n< 9000"));
            play(&mut card, SELECT);
            play(&mut card, closed);
            play(&mut card, PRESENT_PIN);
        }
        play(&mut card, "! power");
        play(&mut card, SELECT);
        play(&mut card, closed);
    }

    #[test]
    fn its_pin_is_another_than_that_of_the_certificates() {
        let mut card = in_card_information(
            "> 00200091 04 30303030
             < 63C2
             > 00A4040C 0A D392F000260100000001
             < 9000
             > 00200098
             < 63C3
             > 00200098 04 31323334
             < 9000",
        );
        play(&mut card, SELECT);
        play(&mut card, "> 00B0820001\n< 6982\n> 00200091\n< 63C2");
    }
}
