//! Files and folders by who may use them: those of this user alone, and the administrators' file, which
//! nobody else may write. Any user may make folders in `%ProgramData%`, and be there first.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kazashi_windows_calls::{account_name, create_file, create_folder, security_descriptor};

use crate::sys::security_descriptor::{ANY, CHANGES, SecurityDescriptor, administrators};
use crate::sys::sid::Sid;
use crate::sys::windows::owner::Account;

/// Opens folders too (`FILE_FLAG_BACKUP_SEMANTICS`).
const FOLDERS: u32 = 0x0200_0000;
/// Opens a link itself, and not what it leads to (`FILE_FLAG_OPEN_REPARSE_POINT`).
const LINKS: u32 = 0x0020_0000;
/// Others may read and write meanwhile, but neither rename nor delete.
const SHARE_READ_AND_WRITE: u32 = 0x0000_0003;
/// What leads elsewhere, be it a link or a junction.
const REPARSE_POINT: u32 = 0x0000_0400;
/// For administrators and the system, whose it is, and for users to read (SDDL).
const OF_ADMINISTRATORS: &str = "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FRFX;;;BU)";

/// The administrator's file of this machine.
pub(crate) fn configuration_file() -> PathBuf {
    let data = std::env::var_os("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into());
    Path::new(&data).join("kazashi").join("bridge.toml")
}

/// Reads the administrator's file, if it and its folder are the administrators' and nobody else can
/// write either.
pub(crate) fn read_configuration_file(path: &Path) -> io::Result<String> {
    let folder_path = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    // As long as this is open, no other folder is put in its place.
    let folder = open_to_judge(folder_path)?;
    let mut file = open_to_judge(path)?;
    check_is_of_administrators(&folder, folder_path)?;
    check_is_of_administrators(&file, path)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Makes the administrator's file, and its folder where there is none. A folder that is there must be the
/// administrators'.
pub(crate) fn create_configuration_file(path: &Path, text: &str) -> io::Result<()> {
    let folder_path = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    match create_folder(folder_path, OF_ADMINISTRATORS) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            check_is_of_administrators(&open_to_judge(folder_path)?, folder_path)?;
        }
        made => made?,
    }
    let mut file = create_file(path, OF_ADMINISTRATORS)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn open_to_judge(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).share_mode(SHARE_READ_AND_WRITE).custom_flags(FOLDERS | LINKS).open(path)
}

fn check_is_of_administrators(file: &File, path: &Path) -> io::Result<()> {
    let path = path.display();
    if file.metadata()?.file_attributes() & REPARSE_POINT != 0 {
        return Err(denied(format!("{path} is a link, which is not followed")));
    }
    match others(file, &administrators(), CHANGES)? {
        None => Ok(()),
        Some(other) => Err(denied(format!("{other} can change {path}: only administrators may"))),
    }
}

/// Makes a folder that is for this user only, and those above it. One that is there must be such a one.
pub(in crate::sys) fn create_private_folder(path: &Path) -> io::Result<()> {
    if let Some(above) = path.parent().filter(|above| *above != OsStr::new("") && !above.exists()) {
        create_private_folder(above)?;
    }
    match create_folder(path, &this_user_only("OICI")?) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mut options = OpenOptions::new();
            let folder = options.read(true).custom_flags(FOLDERS).open(path)?;
            check_private(&folder)
        }
        made => made,
    }
}

/// Makes a file that is for this user only.
pub(in crate::sys) fn create_private_file(path: &Path) -> io::Result<File> {
    create_file(path, &this_user_only("")?)
}

/// Whether an open file or folder is for this user only; for the system and administrators, too, who
/// can have everything on a machine.
pub(in crate::sys) fn check_private(file: &File) -> io::Result<()> {
    match others(file, &this_user_and_administrators()?, ANY)? {
        None => Ok(()),
        Some(other) => Err(denied(format!("{other} may use it too, so it is not used"))),
    }
}

/// Somebody who may do this with a file and is none of these, by name.
fn others(file: &File, these: &[Sid], rights: u32) -> io::Result<Option<String>> {
    let descriptor = SecurityDescriptor::from_bytes(&security_descriptor(file)?)?;
    let other = descriptor.anybody_but(these, rights);
    Ok(other.map(|sid| account_name(sid.bytes()).unwrap_or_else(|_| sid.to_string())))
}

fn this_user_and_administrators() -> io::Result<Vec<Sid>> {
    let this_user = Account::of_this_process()?.user;
    Ok([this_user].into_iter().chain(administrators()).collect())
}

/// All rights for this user, the system and administrators, and none by inheritance from the folder
/// around it (SDDL). `inherited` says what inherits these.
fn this_user_only(inherited: &str) -> io::Result<String> {
    let user = Account::of_this_process()?.user;
    let allow = |who: &str| format!("(A;{inherited};FA;;;{who})");
    let (this_user, system, administrators) = (allow(&user.to_string()), allow("SY"), allow("BA"));
    Ok(format!("O:{user}D:P{this_user}{system}{administrators}"))
}

fn denied(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Whether nobody but its owner may read a file, or enter a folder.
#[cfg(test)]
pub(crate) fn is_for_its_owner_only(path: &Path) -> bool {
    let file = File::options().read(true).custom_flags(FOLDERS).open(path);
    check_private(&file.unwrap()).is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;

    use kazashi_windows_calls::{create_file, create_folder};

    use super::{create_configuration_file, create_private_folder, read_configuration_file};
    use crate::sys::private_file;

    /// In Wine this is so only where the umask leaves others something, as 022 does.
    const EVERYBODY: &str = "D:P(A;OICI;FA;;;WD)";

    #[test]
    fn a_folder_that_others_may_use_is_refused() {
        let around = tempfile::tempdir().unwrap();
        let open = around.path().join("open");
        create_folder(&open, EVERYBODY).unwrap();
        let refused = create_private_folder(&open).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied, "{refused}");
        create_private_folder(&around.path().join("a/b")).unwrap();
        create_private_folder(&around.path().join("a/b")).unwrap();
    }

    #[test]
    fn a_file_that_others_may_use_is_refused_to_read_and_to_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("approvals.toml");
        drop(create_file(&path, EVERYBODY).unwrap());
        for refused in [private_file::read(&path).map(drop), private_file::open(&path).map(drop)] {
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::PermissionDenied);
        }
    }

    #[test]
    #[ignore = "only an administrator may make what administrators own; Wine knows no such owner"]
    fn the_administrators_file_counts_if_it_and_its_folder_are_theirs() {
        let around = tempfile::tempdir().unwrap();
        let path = around.path().join("kazashi").join("bridge.toml");
        create_configuration_file(&path, "disclose = true").unwrap();
        let again = create_configuration_file(&path, "disclose = false").unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        assert_eq!(read_configuration_file(&path).unwrap(), "disclose = true");
    }

    #[test]
    fn what_any_user_can_make_does_not_count() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("kazashi");
        create_private_folder(&folder).unwrap();
        let path = folder.join("bridge.toml");
        fs::write(&path, "disclose = true").unwrap();
        let refused = read_configuration_file(&path).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied, "{refused}");
        // Nor is an administrator's file put where somebody else could change it.
        let path = folder.join("other.toml");
        let refused = create_configuration_file(&path, "disclose = true").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied, "{refused}");
        assert!(!path.exists());
    }

    #[test]
    fn where_there_is_no_file_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("kazashi").join("bridge.toml");
        assert_eq!(read_configuration_file(&missing).unwrap_err().kind(), ErrorKind::NotFound);
        // Nor is there one in a folder that is somebody else's.
        create_folder(&folder.path().join("kazashi"), EVERYBODY).unwrap();
        assert_eq!(read_configuration_file(&missing).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
