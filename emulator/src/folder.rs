//! Card images on disk.
//!
//! A folder holds `card.toml` (variant, ATR, data objects, which key file belongs to which key EF,
//! PINs and their retry counters), the contents of the other files as on the card (`jpki/000A.bin`;
//! record 1 of a file of records is `common/0001.1.bin`), and the keys in PEM: private ones in
//! PKCS #8, public ones as SubjectPublicKeyInfo.
//!
//! Only `card.toml` must be there, and it may be empty. An image made from a dump of some card is a
//! card as far as its files go: whatever is missing is missing on the card.

use std::path::Path;
use std::{fs, io};

use crate::image::files::{CARD_TOML, Files};
use crate::{Image, ImageError};

/// Whether there is an image in the folder already.
#[must_use]
pub fn holds_image(dir: impl AsRef<Path>) -> bool {
    dir.as_ref().join(CARD_TOML).exists()
}

/// Reads an image.
pub fn load(dir: impl AsRef<Path>) -> Result<Image, ImageError> {
    let dir = dir.as_ref();
    let mut files = Files::new();
    read_into(&mut files, dir, CARD_TOML.to_owned())?;
    for folder in names_in(dir)? {
        let path = dir.join(&folder);
        if !path.is_dir() {
            continue;
        }
        for file in names_in(&path)? {
            if file.ends_with(".bin") || file.ends_with(".pem") {
                read_into(&mut files, dir, format!("{folder}/{file}"))?;
            }
        }
    }
    Image::from_files(&files)
}

/// Writes an image, over the one that may be there.
pub fn write(dir: impl AsRef<Path>, image: &Image) -> Result<(), ImageError> {
    for (path, bytes) in image.to_files()? {
        let path = dir.as_ref().join(&*path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(error_at(parent))?;
        }
        fs::write(&path, bytes).map_err(error_at(&path))?;
    }
    Ok(())
}

/// Writes the retry counters and the PINs of an image to the folder that it was loaded from.
///
/// Whatever happens meanwhile, the folder holds either the old counters or the new.
pub fn save_counters(dir: impl AsRef<Path>, image: &Image) -> Result<(), ImageError> {
    let path = dir.as_ref().join(CARD_TOML);
    let new = dir.as_ref().join("card.toml.new");
    fs::write(&new, image.card_toml()?).map_err(error_at(&new))?;
    fs::rename(&new, &path).map_err(error_at(&path))
}

fn read_into(files: &mut Files<'_>, dir: &Path, path: String) -> Result<(), ImageError> {
    let full_path = dir.join(&path);
    let bytes = fs::read(&full_path).map_err(error_at(&full_path))?;
    files.insert(path.into(), bytes.into());
    Ok(())
}

/// The names in a folder. One that is not UTF-8 is not ours.
fn names_in(dir: &Path) -> Result<Vec<String>, ImageError> {
    let names = fs::read_dir(dir).and_then(|entries| {
        entries
            .map(|entry| Ok(entry?.file_name().into_string().ok()))
            .collect::<io::Result<Vec<_>>>()
    });
    Ok(names.map_err(error_at(dir))?.into_iter().flatten().collect())
}

fn error_at(path: &Path) -> impl Fn(io::Error) -> ImageError {
    move |source| ImageError::Io { path: path.display().to_string(), source }
}
