use super::*;

/// A list as a program saved it, by its number and name.
macro_rules! list {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/portal/ticket-lists/", $name, ".csv")).as_slice()
    };
}

/// A visitor's identifier, as the lists have it.
fn subject(number: u8) -> String {
    format!("p{number:02}{}", "A".repeat(40))
}

fn read(list: &[u8]) -> TicketList {
    read_list(list, Vec::new()).unwrap_or_else(|error| panic!("{error:?}"))
}

fn tickets(list: &TicketList) -> Vec<(u64, &str, &str)> {
    list.lines.iter().map(|it| (it.line, it.ticket.as_str(), it.subject.as_str())).collect()
}

fn refused(list: &TicketList) -> Vec<(u64, &str)> {
    list.refused.iter().map(|it| (it.line, it.why)).collect()
}

#[test]
fn lists_are_read_however_a_program_saved_them() {
    let lists: [(&[u8], u8, u64, &str); 23] = [
        (list!("01-plain"), 1, 2, "001"),
        (list!("02-bom"), 2, 2, "002"),
        (list!("03-two-boms"), 3, 2, "003"),
        (list!("04-capitals-in-the-header"), 4, 2, "004"),
        (list!("05-full-width-header"), 5, 2, "005"),
        (list!("06-japanese-header"), 6, 2, "006"),
        (list!("07-semicolon"), 7, 2, "007"),
        (list!("08-tab"), 8, 2, "008"),
        (list!("09-utf-16-tab"), 9, 2, "009"),
        (list!("10-utf-16-comma"), 10, 2, "010"),
        (list!("12-separator-line"), 13, 3, "013"),
        (list!("14-trailing-commas"), 16, 2, "016"),
        (list!("15-blank-of-full-width"), 17, 2, "017"),
        (list!("17-cp932-ticket"), 20, 2, "髙①Ⅲ㎝"),
        (list!("18-cp932-header"), 21, 2, "021"),
        (list!("19-utf-8-header"), 22, 2, "022"),
        // Nothing in it shows that there were zeros.
        (list!("20-zeros-lost"), 23, 2, "7"),
        (list!("24-full-width-digits"), 28, 2, "007"),
        (list!("25-full-width-spaces"), 29, 2, "029"),
        (list!("27-no-break-space"), 32, 2, "032"),
        (list!("32-guarded-export"), 34, 2, "=1+1"),
        ("チケット番号\tﾁｹｯﾄ\t来訪者の識別子\r\n".as_bytes(), 0, 0, ""),
        (b"\"sep=;\"\r\nNo.;SUBJECT\r\n", 0, 0, ""),
    ];
    for (list, number, line, ticket) in lists {
        let list = read(list);
        assert_eq!(refused(&list), []);
        let expected = [(line, ticket, subject(number))];
        let expected = expected.iter().filter(|(line, ..)| *line > 0);
        let expected: Vec<_> = expected.map(|(line, it, of)| (*line, *it, of.as_str())).collect();
        assert_eq!(tickets(&list), expected);
    }
}

#[test]
fn lines_keep_their_numbers() {
    let list = read(list!("11-carriage-returns"));
    assert_eq!(tickets(&list), [(2, "011", &*subject(11)), (3, "012", &*subject(12))]);
    let list = read(list!("13-line-break-in-a-cell"));
    assert_eq!(tickets(&list), [(2, "014", &*subject(14)), (4, "015", &*subject(15))]);
    let list = read(list!("16-cp932-in-another-column"));
    assert_eq!(tickets(&list), [(2, "018", &*subject(18)), (3, "019", &*subject(19))]);
    let list = read(list!("26-variant-and-gaiji"));
    assert_eq!(tickets(&list), [(2, "葛-1", &*subject(30)), (3, "\u{E000}-1", &*subject(31))]);
}

#[test]
fn what_a_program_changed_without_a_word_is_refused_by_line() {
    let changed = "changed-by-spreadsheet";
    let lists = [
        (list!("21-scientific"), vec![(2, changed), (3, changed)]),
        (list!("22-text-formula"), vec![(2, "formula")]),
        (list!("23-apostrophe"), vec![(2, "formula")]),
        (list!("28-zero-width-space"), vec![(2, "invisible-character")]),
    ];
    for (list, expected) in lists {
        let list = read(list);
        assert_eq!(refused(&list), expected);
        assert!(list.lines.is_empty());
    }
    let cells = [
        ("1月2日", "changed-by-spreadsheet"),
        ("2026/1/2", "changed-by-spreadsheet"),
        ("2-Jan", "changed-by-spreadsheet"),
        ("Jan-26", "changed-by-spreadsheet"),
        ("#NAME?", "changed-by-spreadsheet"),
        ("1e+5", "changed-by-spreadsheet"),
        ("１．２３Ｅ＋１５", "changed-by-spreadsheet"),
        ("1234567890123450", "changed-by-spreadsheet"),
        ("\"1,234\"", "changed-by-spreadsheet"),
        ("7.00", "changed-by-spreadsheet"),
        ("=A1", "formula"),
        ("A\u{200B}1", "invisible-character"),
        ("A\u{202E}1", "invisible-character"),
        ("A\u{3164}1", "invisible-character"),
        ("\u{3000}", "no-ticket"),
    ];
    for (cell, why) in cells {
        let list = format!("ticket,subject\n{cell},{}\n", subject(1));
        assert_eq!(refused(&read(list.as_bytes())), [(2, why)], "{cell}");
    }
    for cell in
        ["1E5", "A-1", "1-2-3", "12-34", "123456789012345", "1/2", "E+1", "-x", "1.5", "v7.0"]
    {
        let list = format!("ticket,subject\n{cell},{}\n", subject(1));
        assert_eq!(tickets(&read(list.as_bytes())), [(2, cell, &*subject(1))]);
    }
}

#[test]
fn a_number_that_lost_its_zeros_is_refused_where_others_show_it() {
    let list =
        format!("ticket,subject\n007,{}\n8,{}\n123,{}\n", subject(1), subject(2), subject(3));
    let read = read(list.as_bytes());
    assert_eq!(refused(&read), [(3, "leading-zero-lost")]);
    assert_eq!(read.lines.len(), 2);
    let list = format!("ticket,subject\n7,{}\n1234,{}\n", subject(1), subject(2));
    let read = read_list(list.as_bytes(), vec!["0012".to_owned()]).unwrap();
    assert_eq!(refused(&read), [(2, "leading-zero-lost")]);
}

#[test]
fn a_subject_is_an_identifier() {
    let long = "A".repeat(44);
    let cells = [
        ("", "no-subject"),
        ("p1", "not-an-identifier"),
        ("山田花子", "not-an-identifier"),
        ("#NAME?", "not-an-identifier"),
        (long.as_str(), "not-an-identifier"),
    ];
    for (cell, why) in cells {
        let list = format!("ticket,subject\nA-1,{cell}\n");
        assert_eq!(refused(&read(list.as_bytes())), [(2, why)], "{cell}");
    }
    // As exports guard it.
    let dashed = format!("-{}", "A".repeat(42));
    let list = format!("ticket,subject\nA-1,'{dashed}\n");
    assert_eq!(tickets(&read(list.as_bytes())), [(2, "A-1", dashed.as_str())]);
}

#[test]
fn what_is_no_list_is_told_apart() {
    assert!(read(list!("29-header-only")).lines.is_empty());
    let error = |list: &[u8]| read_list(list, Vec::new()).err();
    assert_eq!(error(list!("30-empty")), Some(ListError::NoHeader));
    assert_eq!(error(b"a,b\n1,2\n"), Some(ListError::NoHeader));
    assert_eq!(error(b"sep=;\nticket,subject\n"), Some(ListError::NoHeader));
    assert_eq!(error(list!("31-workbook")), Some(ListError::Workbook));
    assert_eq!(error(b"<html>"), Some(ListError::Workbook));
    assert_eq!(error(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), Some(ListError::Workbook));
}

#[test]
fn a_broken_line_of_utf_8_is_not_taken_for_another_encoding() {
    let mut list = format!("ticket,subject\n葛-1,{}\n", subject(1)).into_bytes();
    list.extend(b"\x8eR-2,x\n");
    let read = read(&list);
    assert_eq!(tickets(&read), [(2, "葛-1", &*subject(1))]);
    assert_eq!(refused(&read), [(3, "not-utf-8")]);
}
