//! Who may do what with a file or a folder of Windows ([MS-DTYP], 2.4.6, in its self-relative form).

use std::io;

use crate::sys::sid::Sid;

/// Any right at all.
pub(super) const ANY: u32 = u32::MAX;
/// Rights by which somebody could change a file, what is in a folder, or who has rights: generic to
/// write and to do all, `WRITE_OWNER`, `WRITE_DAC`, `DELETE`, and of files and folders to write
/// attributes, to delete what is within, to write extended attributes, to append, to write.
pub(super) const CHANGES: u32 = 0x500D_0156;

/// A list is there (`SE_DACL_PRESENT`).
const LIST_IS_PRESENT: u16 = 0x0004;
/// An entry is only for what is made within the folder later (`INHERIT_ONLY_ACE`).
const INHERIT_ONLY: u8 = 0x08;
/// Kinds of entries. What an entry with a condition allows is taken for allowed.
const ALLOWED: u8 = 0x00;
const ALLOWED_ON_CONDITION: u8 = 0x09;
const DENIED: [u8; 4] = [0x01, 0x06, 0x0A, 0x0C];

/// An owner, and those whom the list allows something.
#[derive(Debug)]
pub(super) struct SecurityDescriptor {
    owner: Sid,
    allowed: Vec<(Sid, u32)>,
}

impl SecurityDescriptor {
    /// Reads what Windows says. An entry of a kind that is not known here is an error: nobody can say
    /// whom it allows what.
    pub(super) fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        Self::read(bytes).ok_or_else(|| {
            let problem = "nobody can say from its security descriptor who may use it";
            io::Error::new(io::ErrorKind::InvalidData, problem)
        })
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let part = |at| usize::try_from(number(bytes, at)?).ok().filter(|&begin| begin > 0);
        let owner = Sid::at_beginning_of(bytes.get(part(4)?..)?)?;
        let has_list = short(bytes, 2)? & LIST_IS_PRESENT != 0;
        let allowed = match part(16).filter(|_| has_list) {
            Some(list) => allowed(bytes.get(list..)?)?,
            None => vec![(everyone(), ANY)],
        };
        Some(Self { owner, allowed })
    }

    /// Somebody who may do some of this and is none of these, if there is anybody. An owner may always
    /// say who may do what.
    pub(super) fn anybody_but(&self, these: &[Sid], rights: u32) -> Option<&Sid> {
        let with_rights = self.allowed.iter().filter(|(_, allowed)| allowed & rights != 0);
        // Rights of whoever owns it.
        let owner_rights = Sid::of_authority(3, &[4]);
        let others = with_rights.map(|(sid, _)| sid).filter(|sid| **sid != owner_rights);
        [&self.owner].into_iter().chain(others).find(|sid| !these.contains(sid))
    }
}

/// Who owns what belongs to the system: the system itself, its administrators, and its installer.
pub(super) fn administrators() -> [Sid; 3] {
    let installer = [80, 956_008_885, 3_418_522_649, 1_831_038_044, 1_853_292_631, 2_271_478_464];
    [
        Sid::of_authority(5, &[18]),
        Sid::of_authority(5, &[32, 544]),
        Sid::of_authority(5, &installer),
    ]
}

fn everyone() -> Sid {
    Sid::of_authority(1, &[0])
}

/// The entries of a list, as far as they allow something with the thing itself.
fn allowed(list: &[u8]) -> Option<Vec<(Sid, u32)>> {
    let count = short(list, 4)?;
    let mut rest = list.get(8..usize::from(short(list, 2)?))?;
    let mut allowed = Vec::new();
    for _ in 0..count {
        let (entry, after) = rest.split_at_checked(short(rest, 2)?.into())?;
        let [kind, flags, ..] = *entry else { return None };
        match kind {
            _ if flags & INHERIT_ONLY != 0 || DENIED.contains(&kind) => {}
            ALLOWED | ALLOWED_ON_CONDITION => {
                allowed.push((Sid::at_beginning_of(entry.get(8..)?)?, number(entry, 4)?));
            }
            _ => return None,
        }
        rest = after;
    }
    Some(allowed)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::{ANY, CHANGES, SecurityDescriptor, administrators, everyone};
    use crate::sys::sid::Sid;

    const READ: u32 = 0x0012_0089;
    const ALL: u32 = 0x001F_01FF;

    fn system() -> Sid {
        Sid::of_authority(5, &[18])
    }

    fn users() -> Sid {
        Sid::of_authority(5, &[32, 545])
    }

    fn hana() -> Sid {
        Sid::of_authority(5, &[21, 1, 2, 3, 1001])
    }

    /// An entry: its kind, its flags, whom it is about, and the rights.
    type Entry = (u8, u8, Sid, u32);

    fn allow(sid: Sid, rights: u32) -> Entry {
        (0, 0, sid, rights)
    }

    /// What Windows says of something with this owner and this list.
    fn bytes(owner: &Sid, entries: &[Entry]) -> Vec<u8> {
        let mut list = Vec::new();
        for (kind, flags, sid, rights) in entries {
            let size = u16::try_from(8 + sid.bytes().len()).unwrap();
            list.extend([*kind, *flags]);
            list.extend(size.to_le_bytes());
            list.extend(rights.to_le_bytes());
            list.extend(sid.bytes());
        }
        let size = u16::try_from(8 + list.len()).unwrap().to_le_bytes();
        let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
        let list_at = 20 + u32::try_from(owner.bytes().len()).unwrap();
        let mut bytes = vec![1, 0, 0x04, 0x80];
        // Where owner, group, audits and list begin. The group and the audits are not asked for.
        bytes.extend([20, 0, 0, list_at].map(u32::to_le_bytes).as_flattened());
        bytes.extend(owner.bytes());
        bytes.extend([2, 0]);
        bytes.extend(size);
        bytes.extend(count);
        bytes.extend([0, 0]);
        bytes.extend(list);
        bytes
    }

    fn read(owner: &Sid, entries: &[Entry]) -> SecurityDescriptor {
        SecurityDescriptor::from_bytes(&bytes(owner, entries)).unwrap()
    }

    #[test]
    fn what_is_for_its_owner_and_the_system_is_nobody_else_s() {
        let mine = read(&hana(), &[allow(hana(), ALL), allow(system(), ALL)]);
        assert_eq!(mine.anybody_but(&[hana(), system()], ANY), None);
        assert_eq!(mine.anybody_but(&[hana()], ANY), Some(&system()));
        assert_eq!(mine.anybody_but(&[system()], ANY), Some(&hana()));
    }

    #[test]
    fn who_may_only_read_cannot_change_anything() {
        let public = read(&system(), &[allow(users(), READ), allow(system(), ALL)]);
        assert_eq!(public.anybody_but(&administrators(), CHANGES), None);
        assert_eq!(public.anybody_but(&administrators(), ANY), Some(&users()));
    }

    #[test]
    fn each_right_to_change_something_counts() {
        let names = ["write", "append", "attributes", "delete", "list", "owner", "all", "generic"];
        let rights = [0x2, 0x4, 0x100, 0x1_0000, 0x4_0000, 0x8_0000, 0x1000_0000, 0x4000_0000];
        for (name, right) in names.into_iter().zip(rights) {
            let open = read(&system(), &[allow(users(), READ | right)]);
            assert_eq!(open.anybody_but(&administrators(), CHANGES), Some(&users()), "{name}");
        }
    }

    #[test]
    fn whoever_made_it_first_can_let_themselves_in_later() {
        let squatted = read(&hana(), &[allow(system(), ALL)]);
        assert_eq!(squatted.anybody_but(&administrators(), CHANGES), Some(&hana()));
    }

    #[test]
    fn what_is_for_things_within_or_denies_allows_nobody_anything() {
        let creator = Sid::of_authority(3, &[0]);
        let entries = [(0, 0x0B, creator, ALL), (1, 0, everyone(), ALL), allow(system(), ALL)];
        let folder = read(&system(), &entries);
        assert_eq!(folder.anybody_but(&administrators(), ANY), None);
        let inherited = read(&system(), &[(0, 0x03, users(), ALL)]);
        assert_eq!(inherited.anybody_but(&administrators(), ANY), Some(&users()));
    }

    #[test]
    fn rights_of_the_owner_are_the_owner_s() {
        let owner_rights = Sid::of_authority(3, &[4]);
        let mine = read(&hana(), &[allow(owner_rights, ALL)]);
        assert_eq!(mine.anybody_but(&[hana()], ANY), None);
    }

    #[test]
    fn a_condition_narrows_nothing_and_an_unknown_kind_is_not_judged() {
        let conditional = read(&system(), &[(9, 0, users(), ALL)]);
        assert_eq!(conditional.anybody_but(&administrators(), ANY), Some(&users()));
        assert!(SecurityDescriptor::from_bytes(&bytes(&system(), &[(5, 0, users(), 0)])).is_err());
    }

    #[test]
    fn without_a_list_everybody_may_do_everything_and_with_an_empty_one_nobody_anything() {
        let mut without = bytes(&hana(), &[]);
        assert_eq!(read(&hana(), &[]).anybody_but(&[hana()], ANY), None);
        without[2] = 0;
        let open = SecurityDescriptor::from_bytes(&without).unwrap();
        assert_eq!(open.anybody_but(&[hana()], ANY), Some(&everyone()));
        let mut null = bytes(&hana(), &[]);
        null[16..20].fill(0);
        let open = SecurityDescriptor::from_bytes(&null).unwrap();
        assert_eq!(open.anybody_but(&[hana()], CHANGES), Some(&everyone()));
    }

    #[test]
    fn what_is_cut_short_is_not_judged() {
        let whole = bytes(&hana(), &[allow(hana(), ALL), allow(system(), ALL)]);
        for length in 0..whole.len() {
            assert!(SecurityDescriptor::from_bytes(&whole[..length]).is_err(), "{length}");
        }
    }
}
