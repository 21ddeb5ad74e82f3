//! The photograph of a card face: JPEG 2000 (ISO/IEC 15444-1). Apart from the page's module, so that
//! it is fuzzed without a page.

use std::fmt;

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

/// Real ones have 378 × 472 pixels (card.md 3.3).
const MAX_SIDE: u32 = 1024;

/// Real ones are one tile; each costs time, however small it is.
const MAX_TILES: u32 = 64;

/// The beginning of a codestream: the markers SOC and SIZ (ISO/IEC 15444-1, A.4.1 and A.5.1).
const CODESTREAM: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];

/// A decoded photograph.
#[non_exhaustive]
pub struct Photo {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Four bytes for each pixel, row by row from the top: red, green, blue, and 255.
    pub rgba: Vec<u8>,
}

impl Photo {
    /// Decodes an image in grey or colour. The boxes around the codestream are not read: they say
    /// nothing that a photograph of a card needs.
    #[must_use]
    pub fn decode(jp2: &[u8]) -> Option<Self> {
        let start = jp2.windows(CODESTREAM.len()).position(|window| window == CODESTREAM)?;
        let codestream = jp2.get(start..)?;
        if !is_reasonable(codestream) {
            return None;
        }
        let image = Image::new(codestream, &DecodeSettings::default()).ok()?;
        let (width, height) = (image.width(), image.height());
        let mut context = DecoderContext::default();
        let samples = image.decode(&mut context).ok()?.data_u8();
        let pixels = usize::try_from(width * height).ok()?;
        let rgba = if samples.len() == pixels {
            samples.iter().flat_map(|&grey| [grey, grey, grey, 0xFF]).collect()
        } else if samples.len() == 3 * pixels {
            samples.as_chunks().0.iter().flat_map(|&[r, g, b]| [r, g, b, 0xFF]).collect()
        } else {
            return None;
        };
        Some(Self { width, height, rgba })
    }
}

/// Shows the size only.
impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Photo({} × {})", self.width, self.height)
    }
}

/// Whether the size that the codestream begins with is one that a photograph may have.
fn is_reasonable(codestream: &[u8]) -> bool {
    // SOC, SIZ, its length and the capabilities; then numbers of four bytes (A.5.1).
    let numbers = codestream.get(8..40).map(<[u8]>::as_chunks);
    let Some((numbers, [])) = numbers else { return false };
    let numbers: Vec<_> = numbers.iter().map(|number| u32::from_be_bytes(*number)).collect();
    let &[width, height, _, _, tile_width, tile_height, _, _] = numbers.as_slice() else {
        return false;
    };
    if width > MAX_SIDE || height > MAX_SIDE {
        return false;
    }
    let count = |side: u32, tile: u32| side.checked_div(tile).map(|whole| whole + 1);
    let tiles = count(width, tile_width).zip(count(height, tile_height));
    tiles.is_some_and(|(across, down)| across * down <= MAX_TILES)
}
