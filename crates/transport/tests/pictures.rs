//! Files of pictures are decoded as viewers do, and damaged ones give what was whole.

use std::io::Cursor;

use cofferdam_transport::picture::{
    FrameSource, Luma, PictureError, open, open_stream, read_all, y4m,
};
use image::ImageEncoder;
use proptest::prelude::*;

/// The frames until the end or an error, and the error.
fn all(bytes: &[u8]) -> (Vec<Luma>, Option<PictureError>) {
    let mut source = match open(bytes.to_vec()) {
        Ok(source) => source,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut frames = Vec::new();
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, None),
            Err(error) => {
                assert!(
                    matches!(source.next_frame(), Ok(None)),
                    "after an error there is nothing"
                );
                return (frames, Some(error));
            }
        }
    }
}

fn whole(bytes: &[u8]) -> Vec<Luma> {
    let (frames, error) = all(bytes);
    assert!(error.is_none(), "{error:?}");
    frames
}

fn gif(frames: &[gif::Frame<'_>]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder =
        gif::Encoder::new(&mut file, 4, 2, &[0, 0, 0, 255, 255, 255, 255, 0, 0]).expect("a GIF");
    frames
        .iter()
        .for_each(|frame| encoder.write_frame(frame).expect("a frame"));
    drop(encoder);
    file
}

fn gif_frame(
    at: (u16, u16),
    size: (u16, u16),
    pixels: &[u8],
    dispose: gif::DisposalMethod,
) -> gif::Frame<'static> {
    gif::Frame {
        left: at.0,
        top: at.1,
        width: size.0,
        height: size.1,
        buffer: pixels.to_vec().into(),
        dispose,
        transparent: Some(1),
        ..gif::Frame::default()
    }
}

#[test]
fn gif_frames_are_composed() {
    use gif::DisposalMethod::{Background, Keep, Previous};
    let frames = whole(&gif(&[
        gif_frame((0, 0), (4, 2), &[0, 0, 0, 0, 2, 2, 2, 2], Keep),
        gif_frame((1, 0), (2, 1), &[2, 1], Previous),
        gif_frame((3, 1), (1, 1), &[0], Background),
        gif_frame((0, 0), (1, 1), &[1], Keep),
        // Half of it is outside of the screen.
        gif_frame((3, 0), (2, 1), &[2, 0], Keep),
    ]));
    let red = 76;
    let seen: Vec<&[u8]> = frames.iter().map(Luma::pixels).collect();
    assert_eq!(
        seen,
        [
            &[0, 0, 0, 0, red, red, red, red][..],
            &[0, red, 0, 0, red, red, red, red],
            &[0, 0, 0, 0, red, red, red, 0],
            &[0, 0, 0, 0, red, red, red, 255],
            &[0, 0, 0, red, red, red, red, 255],
        ]
    );
}

fn png(
    colour: png::ColorType,
    depth: png::BitDepth,
    palette: Option<Vec<u8>>,
    size: u32,
    data: &[u8],
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size, size);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if let Some(palette) = palette {
        encoder.set_palette(palette);
    }
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(data).expect("data");
    writer.finish().expect("an end");
    file
}

#[test]
fn every_kind_of_png_becomes_grey() {
    use png::{BitDepth, ColorType};
    let cases = [
        (
            ColorType::Grayscale,
            BitDepth::One,
            None,
            vec![0b1000_0000, 0b0100_0000],
            [255, 0, 0, 255],
        ),
        (
            ColorType::Grayscale,
            BitDepth::Eight,
            None,
            vec![1, 2, 3, 4],
            [1, 2, 3, 4],
        ),
        (
            ColorType::Grayscale,
            BitDepth::Sixteen,
            None,
            vec![1, 9, 2, 9, 3, 9, 4, 9],
            [1, 2, 3, 4],
        ),
        (
            ColorType::GrayscaleAlpha,
            BitDepth::Eight,
            None,
            vec![0, 255, 0, 0, 100, 255, 0, 128],
            [0, 255, 100, 127],
        ),
        (
            ColorType::Rgb,
            BitDepth::Eight,
            None,
            vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9],
            [76, 150, 29, 9],
        ),
        (
            ColorType::Rgba,
            BitDepth::Eight,
            None,
            vec![255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255, 9, 9, 9, 255],
            [76, 255, 0, 9],
        ),
        (
            ColorType::Indexed,
            BitDepth::Two,
            Some(vec![0, 0, 0, 255, 255, 255, 255, 0, 0]),
            vec![0b0001_0000, 0b1000_0000],
            [0, 255, 76, 0],
        ),
    ];
    for (colour, depth, palette, data, expected) in cases {
        let frames = whole(&png(colour, depth, palette, 2, &data));
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].pixels(), expected, "{colour:?} {depth:?}");
    }
}

/// Four frames of 3 x 1: dark; nothing seen, and taken back; its right part painted over; that
/// cleared, its left end light.
fn apng() -> Vec<u8> {
    use png::{BlendOp, DisposeOp};
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 3, 1);
    encoder.set_color(png::ColorType::GrayscaleAlpha);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_animated(4, 0).expect("animated");
    let mut writer = encoder.write_header().expect("a header");
    writer
        .write_image_data(&[10, 255, 20, 255, 30, 255])
        .expect("data");
    let frames: [(u32, u32, BlendOp, DisposeOp, &[u8]); 3] = [
        (1, 1, BlendOp::Over, DisposeOp::Previous, &[255, 0]),
        (
            1,
            2,
            BlendOp::Source,
            DisposeOp::Background,
            &[200, 255, 0, 0],
        ),
        (0, 1, BlendOp::Over, DisposeOp::None, &[255, 255]),
    ];
    for (left, width, blend, dispose, data) in frames {
        writer.set_frame_dimension(width, 1).expect("a size");
        writer.set_frame_position(left, 0).expect("a place");
        writer.set_blend_op(blend).expect("a blend");
        writer.set_dispose_op(dispose).expect("a disposal");
        writer.write_image_data(data).expect("data");
    }
    writer.finish().expect("an end");
    file
}

#[test]
fn apng_frames_are_composed() {
    let frames = whole(&apng());
    let seen: Vec<&[u8]> = frames.iter().map(Luma::pixels).collect();
    assert_eq!(
        seen,
        [[10, 20, 30], [10, 20, 30], [10, 200, 255], [255, 255, 255]]
    );
}

fn jpeg(width: u32, height: u32, colour: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let shade = |at: u32| (at % width * 255 / width) as u8;
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 95);
    let grey: Vec<u8> = (0..width * height).map(shade).collect();
    if colour {
        let rgb: Vec<u8> = grey.iter().flat_map(|shade| [*shade; 3]).collect();
        encoder
            .write_image(&rgb, width, height, image::ExtendedColorType::Rgb8)
            .expect("a JPEG");
    } else {
        encoder
            .write_image(&grey, width, height, image::ExtendedColorType::L8)
            .expect("a JPEG");
    }
    file
}

#[test]
fn jpegs_become_grey_alone_and_in_streams() {
    for colour in [true, false] {
        let one = jpeg(50, 30, colour);
        let frames = whole(&one);
        assert_eq!(
            (frames.len(), frames[0].width(), frames[0].height()),
            (1, 50, 30)
        );
        for (at, pixel) in frames[0].pixels().iter().enumerate() {
            let expected = (at % 50 * 255 / 50) as u8;
            assert!(
                pixel.abs_diff(expected) <= 6,
                "{pixel} for {expected} at {at}, colour {colour}"
            );
        }
        let part = |body: &[u8]| {
            let header = format!(
                "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            [header.as_bytes(), body, b"\r\n"].concat()
        };
        assert_eq!(
            whole(&[&one[..], &one, &one].concat()),
            vec![frames[0].clone(); 3]
        );
        assert_eq!(
            whole(&[part(&one), part(&one)].concat()),
            vec![frames[0].clone(); 2]
        );
    }
}

#[test]
fn the_luma_of_every_y4m_layout_is_taken() {
    for (layout, others) in [
        ("mono", 0),
        ("420jpeg", 4),
        ("420", 4),
        ("411", 4),
        ("422", 8),
        ("444", 12),
        ("444alpha", 18),
    ] {
        let mut file = format!("YUV4MPEG2 W3 H2 F30:1 Ip A1:1 C{layout} XNOTE\n").into_bytes();
        for shade in [7, 8] {
            file.extend(b"FRAME Ip\n");
            file.extend([shade; 6]);
            file.extend(vec![128; others]);
        }
        let frames = whole(&file);
        assert_eq!(frames.len(), 2, "{layout}");
        assert!(
            frames[0].pixels() == [7; 6] && frames[1].pixels() == [8; 6],
            "{layout}"
        );
    }
    for layout in ["420p10", "mono16", "rgb"] {
        let file = format!("YUV4MPEG2 W3 H2 C{layout}\nFRAME\n");
        assert!(matches!(
            all(file.as_bytes()).1,
            Some(PictureError::Unsupported { .. })
        ));
    }
}

fn recording() -> Vec<u8> {
    let frame = Luma::plain(20, 10, 99).expect("a picture");
    [
        y4m::header(20, 10, 30),
        y4m::frame(&frame),
        y4m::frame(&frame),
    ]
    .concat()
}

#[test]
fn what_is_written_as_y4m_is_read() {
    assert_eq!(
        whole(&recording()),
        vec![Luma::plain(20, 10, 99).expect("a picture"); 2]
    );
}

/// Each kind of file, and the number of its frames.
fn files() -> Vec<(Vec<u8>, usize)> {
    let frame = |pixels: &[u8]| gif_frame((0, 0), (4, 2), pixels, gif::DisposalMethod::Keep);
    vec![
        (gif(&[frame(&[0; 8]), frame(&[2; 8]), frame(&[0; 8])]), 3),
        (
            png(
                png::ColorType::Grayscale,
                png::BitDepth::Eight,
                None,
                8,
                &[77; 64],
            ),
            1,
        ),
        (apng(), 4),
        (jpeg(24, 24, true), 1),
        ([jpeg(24, 24, false), jpeg(24, 24, true)].concat(), 2),
        (recording(), 2),
    ]
}

#[test]
fn truncation_at_every_length_gives_what_was_whole() {
    for (file, count) in files() {
        let expected = whole(&file);
        assert_eq!(expected.len(), count);
        for length in 0..file.len() {
            let (frames, error) = all(&file[..length]);
            assert!(frames.len() <= count);
            assert_eq!(
                frames,
                expected[..frames.len()],
                "{length} of {} bytes",
                file.len()
            );
            // An end between two frames of a stream, or in what follows the last, is no damage.
            let header_only = file.starts_with(b"YUV") && length == y4m::header(20, 10, 30).len();
            assert!(
                error.is_some() || !frames.is_empty() || header_only,
                "{length} of {} bytes",
                file.len()
            );
        }
    }
}

#[test]
fn a_stream_is_read_as_it_comes() {
    /// One byte at a time, and then a failure of the device.
    struct Failing(Cursor<Vec<u8>>);
    impl std::io::Read for Failing {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let one = to.len().min(1);
            match self.0.read(&mut to[..one])? {
                0 => Err(std::io::Error::other("unplugged")),
                read => Ok(read),
            }
        }
    }
    let mut source = open_stream(Failing(Cursor::new(recording()))).expect("a source");
    for _ in 0..2 {
        assert!(matches!(source.next_frame(), Ok(Some(_))));
    }
    assert!(matches!(source.next_frame(), Err(PictureError::Io(_))));
    assert!(matches!(source.next_frame(), Ok(None)));
}

#[test]
fn what_is_no_picture_is_refused() {
    for bytes in [
        &b""[..],
        b"P",
        b"BM bitmap",
        b"%PDF-1.7",
        &[0; 100],
        "\u{feff}text".as_bytes(),
    ] {
        assert!(matches!(all(bytes).1, Some(PictureError::Unknown)));
    }
}

proptest! {
    #[test]
    fn damaged_files_never_panic(
        which in 0..6_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let (mut file, _) = files().swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = read_all(&file, |frame| assert_eq!(frame.pixels().len(), frame.width() * frame.height()));
    }

    #[test]
    fn noise_behind_a_magic_never_panics(
        magic in prop::sample::select(vec![
            &b"GIF89a"[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"YUV4MPEG2 W4 H4\nFRAME\n", b"--x",
        ]),
        noise in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let _ = read_all(&[magic, &noise].concat(), |_| ());
    }
}
