//! Records of the card surface and of the card information input support application: files that
//! are one BER-TLV object of a private tag, with objects in it (card.md 3.2 and 3.3).

use crate::tlv::{self, Tag, Tlv};

/// What the record of this tag holds, if the file is one, with nothing but filler behind it.
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
    use super::{content, fields};
    use crate::tlv::Tag;

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
