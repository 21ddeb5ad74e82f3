//! Records of the card surface and of the card information input support application: files that
//! are one BER-TLV object of a private tag, with objects in it (card.md 3.2 and 3.3).

use crate::codec::tlv::{self, Tag, Tlv};

/// Content of the record of this tag, if the file is one, with nothing but filler behind it.
///
/// Some cards of 2023 have two bytes before the record (card.md 3.2).
#[must_use]
pub fn content(file: &[u8], tag: Tag) -> Option<&[u8]> {
    let file = [0, 2].into_iter().filter_map(|at| file.get(at..));
    file.filter_map(|file| {
        let record = tlv::read(file).next()?.ok().filter(|record| record.tag() == tag)?;
        let filler = file.get(record.encoded().len()..)?;
        is_filler(filler).then_some(record.value())
    })
    .next()
}

/// Length that the record says of itself, with the two bytes that may stand before it, if the file
/// begins with one. Of the file no more than its beginning needs to be there.
#[must_use]
pub fn length(beginning: &[u8]) -> Option<usize> {
    let is_private = |tag| matches!(tag, Tag(0xFF10..=0xFF50));
    [0, 2].into_iter().find_map(|at| {
        let length = tlv::encoded_length(beginning.get(at..)?, is_private)?;
        length.checked_add(at)
    })
}

fn is_filler(bytes: &[u8]) -> bool {
    [0x00, 0xFF].into_iter().any(|filler| bytes.iter().all(|&byte| byte == filler))
}

/// The objects of these tags, in this order; others between them are skipped. Each comes after the
/// one before, so that none is found twice. The table of offsets that records begin with is not
/// needed, and not trusted.
#[must_use]
pub fn fields<const N: usize>(content: &[u8], tags: [Tag; N]) -> [Option<Tlv<'_>>; N] {
    let mut objects = tlv::read(content).map_while(Result::ok);
    tags.map(|tag| objects.find(|object| object.tag() == tag))
}

#[cfg(test)]
mod tests {
    use super::{content, fields, length};
    use crate::codec::tlv::Tag;

    const RECORD: Tag = Tag(0xFF20);

    #[test]
    fn a_record_may_have_filler_behind_it_and_two_bytes_before() {
        for file in [
            b"\xFF\x20\x02\x91\x00".as_slice(),
            b"\xFF\x20\x02\x91\x00\xFF\xFF\xFF",
            b"\xFF\x20\x02\x91\x00\x00",
            b"\xFF\x20\x82\x00\x02\x91\x00",
            b"\xFF\x20\x84\x00\x00\x00\x02\x91\x00",
            b"\x12\x34\xFF\x20\x02\x91\x00",
            b"\x00\x00\xFF\x20\x02\x91\x00\x00",
            b"\xFF\xFF\xFF\x20\x02\x91\x00\x00",
        ] {
            assert_eq!(content(file, RECORD), Some(b"\x91\x00".as_slice()), "{file:02X?}");
        }
    }

    #[test]
    fn a_record_says_how_long_it_is_when_no_more_than_its_beginning_is_there() {
        for (beginning, expected) in [
            (b"\xFF\x20\x02".as_slice(), Some(5)),
            (b"\xFF\x20\x81\xF0\xDF", Some(244)),
            (b"\xFF\x20\x82\x01\x00", Some(261)),
            (b"\xFF\x20\x83\x00\x01\x00", Some(262)),
            (b"\xFF\x50\x84\x00\x00\x01\x00\xDF", Some(263)),
            (b"\x00\x00\xFF\x20\x82\x01\x00", Some(263)),
            (b"\xFF\xFF\xFF\x20\x82\x01\x00", Some(263)),
            (b"\x12\x34\xFF\x20\x84\x00\x00\x01\x00", Some(265)),
            (b"", None),
            (b"\xFF\x20\x82\x01", None),
            (b"\xFF\xFF\xFF\xFF\xFF", None),
            (b"\x00\x00\x30\x82\x01\x00", None),
            (b"\x12\xFF\x20\x82\x01\x00", None),
        ] {
            assert_eq!(length(beginning), expected, "{beginning:02X?}");
        }
    }

    #[test]
    fn what_is_no_such_record_has_no_content() {
        for file in [
            b"".as_slice(),
            b"\xFF",
            b"\xFF\x20",
            b"\xFF\x20\x03\x91\x00",
            b"\xFF\x30\x02\x91\x00",
            b"\x12\xFF\x20\x02\x91\x00",
            b"\x12\x34\x56\xFF\x20\x02\x91\x00",
            b"\xFF\x20\x02\x91\x00\x01",
            b"\xFF\x20\x02\x91\x00\x00\xFF",
            b"\xFF\x20\x02\x91\x00\xFF\x20\x02\x91\x00",
            b"\xFF\x20\x80\x91\x00",
        ] {
            assert_eq!(content(file, RECORD), None, "{file:02X?}");
        }
    }

    #[test]
    fn fields_are_found_in_their_order_and_once() {
        let values = |tags| {
            fields::<2>(b"\x91\x01\x01\x92\x01\x02\x91\x01\x03", tags)
                .map(|object| object.map(|object| object.value().to_vec()))
        };
        let [first, second, absent] = [0x91, 0x92, 0x93].map(Tag);
        assert_eq!(values([first, second]), [Some(vec![1]), Some(vec![2])]);
        assert_eq!(values([first, first]), [Some(vec![1]), Some(vec![3])]);
        assert_eq!(values([second, first]), [Some(vec![2]), Some(vec![3])]);
        assert_eq!(values([second, second]), [Some(vec![2]), None]);
        assert_eq!(values([first, absent]), [Some(vec![1]), None]);
    }

    #[test]
    fn fields_end_before_an_object_that_ends_too_early() {
        let [first, second] = fields(b"\x91\x01\x01\x92\x02\x02", [Tag(0x91), Tag(0x92)]);
        assert!(first.is_some() && second.is_none());
    }
}
