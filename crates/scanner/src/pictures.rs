//! Codes as files of pictures.

use std::path::Path;
use std::time::Duration;

use cofferdam_transport::code::{DrawError, Drawing, Matrix};
use cofferdam_transport::render::{self, RenderError};
use cofferdam_transport::schedule::Schedule;

/// Pixels of a module: what a screen shows of a file is often made smaller, seldom larger.
const SCALE: usize = 6;

/// How many codes are written of a message that needs so many: all of a loop; of a fountain half as
/// many again, so that a reader that misses some need not wait for a second round.
fn enough(needed: usize) -> usize {
    match needed {
        1 => 1,
        needed => needed + needed.div_ceil(2) + 2,
    }
}

/// A file with one or more codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its name in the folder that holds it; none where it is no file of several.
    pub name: Option<String>,
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

/// Why codes are not written.
#[derive(Debug, thiserror::Error)]
pub enum PicturesError {
    /// A file holds one code, and the message needs more.
    #[error(
        "the message needs {0} codes, and such a file holds one; name a .gif, or a folder (its name ends with a slash)"
    )]
    Several(usize),
    /// The name says no format.
    #[error(
        "the name says no format of pictures; end it with .gif, .png or .svg, or with a slash for a folder of pictures"
    )]
    Name,
    /// A part is no code.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// The picture cannot be made.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// The files that a name stands for.
enum Files {
    Folder,
    Gif,
    Png,
    Svg,
}

impl Files {
    fn named(out: &Path) -> Result<Files, PicturesError> {
        if out.is_dir() || out.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Ok(Files::Folder);
        }
        let extension = out
            .extension()
            .map(|extension| extension.to_ascii_lowercase());
        match extension.as_ref().and_then(|extension| extension.to_str()) {
            Some("gif") => Ok(Files::Gif),
            Some("png") => Ok(Files::Png),
            Some("svg") => Ok(Files::Svg),
            _ => Err(PicturesError::Name),
        }
    }
}

/// Tells early whether [`pictures`] could write so many codes as the files that `out` names.
///
/// # Errors
///
/// [`PicturesError::Name`], [`PicturesError::Several`].
pub fn check_pictures(out: &Path, codes: usize) -> Result<(), PicturesError> {
    match Files::named(out)? {
        Files::Png | Files::Svg if codes > 1 => Err(PicturesError::Several(codes)),
        _ => Ok(()),
    }
}

/// Draws the codes of a message as the files that `out` names: an animated GIF, one PNG or SVG, or
/// a folder of numbered PNGs (`out` ends with a slash).
///
/// # Errors
///
/// [`PicturesError`].
pub fn pictures(schedule: &mut Schedule, out: &Path) -> Result<Vec<Picture>, PicturesError> {
    let needed = schedule.count();
    let each = Duration::from_millis(schedule.millis().into());
    let one = |schedule: &mut Schedule| match needed {
        1 => draw(schedule, 1).map(|mut codes| codes.remove(0)),
        several => Err(PicturesError::Several(several)),
    };
    let bytes = match Files::named(out)? {
        Files::Folder => {
            let codes = draw(schedule, enough(needed))?;
            let width = codes.len().to_string().len();
            return codes
                .iter()
                .enumerate()
                .map(|(number, code)| {
                    let name = format!("code-{:0width$}.png", number + 1);
                    Ok(Picture {
                        name: Some(name),
                        bytes: render::png(code, SCALE)?,
                    })
                })
                .collect();
        }
        Files::Gif => render::animated_gif(&draw(schedule, enough(needed))?, SCALE, each)?,
        Files::Png => render::png(&one(schedule)?, SCALE)?,
        Files::Svg => render::svg(&one(schedule)?).into_bytes(),
    };
    Ok(vec![Picture { name: None, bytes }])
}

fn draw(schedule: &mut Schedule, count: usize) -> Result<Vec<Matrix>, PicturesError> {
    let drawing = Drawing::default();
    let codes = (0..count).map(|_| drawing.draw(&schedule.next_shown().content));
    Ok(codes.collect::<Result<_, _>>()?)
}
