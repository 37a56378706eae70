//! Files that were made to harm a reader.

use cofferdam_transport::code::Drawing;
use cofferdam_transport::picture::{Luma, y4m};
use cofferdam_transport::render::{animated_gif, png};
use image::ImageEncoder;
use image::codecs::jpeg::JpegEncoder;

use super::random::Random;

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;

/// Files that were made to harm, by name. None may keep a reader busy, make it allocate much, or
/// bring it down.
pub fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    [pixels(), sizes(), cut(), lies()].concat()
}

/// Pictures that keep detectors busy.
fn pixels() -> Vec<(&'static str, Vec<u8>)> {
    let mut random = Random::new(1);
    let mut noise = || (random.bits() & 0xff) as u8;
    let mut pictures: Vec<(&'static str, Vec<u8>)> = vec![
        ("noise", drawn(|_, _| noise())),
        (
            "finder patterns, tiled, 1 pixel a module",
            drawn(|x, y| tiled(x, y, 1, 8)),
        ),
        (
            "finder patterns, tiled, 2 pixels a module",
            drawn(|x, y| tiled(x, y, 2, 8)),
        ),
        (
            "finder patterns, tiled, 3 pixels a module",
            drawn(|x, y| tiled(x, y, 3, 9)),
        ),
        (
            "finder patterns, tiled wide, 3 pixels a module",
            drawn(|x, y| tiled(x, y, 3, 14)),
        ),
        (
            "finder patterns, tiled wide, 4 pixels a module",
            drawn(|x, y| tiled(x, y, 4, 22)),
        ),
        (
            "finder patterns of all sizes",
            drawn(|x, y| tiled(x, y, 1 + (x / 160) % 8, 8)),
        ),
        (
            "finder patterns, inverted",
            drawn(|x, y| 255 - tiled(x, y, 2, 8)),
        ),
        (
            "checkerboard, 1 pixel",
            drawn(|x, y| shade((x + y) % 2 == 0)),
        ),
        (
            "checkerboard, 3 pixels",
            drawn(|x, y| shade((x / 3 + y / 3) % 2 == 0)),
        ),
        (
            "stripes like a timing pattern",
            drawn(|x, _| shade((x / 2) % 2 == 0)),
        ),
        (
            "columns of 1:1:3:1:1",
            drawn(|x, _| shade([0, 2, 3, 4, 6].contains(&((x / 2) % 8)))),
        ),
        (
            "rings",
            drawn(|x, y| shade((x.abs_diff(640).max(y.abs_diff(360)) / 2) % 2 == 0)),
        ),
        ("black", drawn(|_, _| 0)),
    ];
    let mut sparse = Random::new(2);
    pictures.push((
        "black and white noise",
        drawn(|_, _| shade(sparse.bits() & 1 == 0)),
    ));
    let large = Luma::new(
        3840,
        2160,
        (0..3840 * 2160)
            .map(|at| tiled(at % 3840, at / 3840, 2, 8))
            .collect(),
    );
    pictures.push((
        "finder patterns, tiled, 4K",
        recording(&large.expect("a picture")),
    ));
    pictures
}

/// Headers that promise too much, or nothing.
fn sizes() -> Vec<(&'static str, Vec<u8>)> {
    let mut repeated = b"GIF89a\x00\x0f\x70\x08\xf0\x00\x00\x00\x00\x00\xff\xff\xff".to_vec();
    for _ in 0..20_000 {
        // One pixel a frame on a screen of 3840 x 2160, each to be taken back.
        repeated.extend(
            b"\x21\xf9\x04\x0c\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00",
        );
    }
    vec![
        ("8K PNG", png_of(7_680, 4_320, &[])),
        (
            "PNG of 2^31 - 1 squared",
            png_of(i32::MAX as u32, i32::MAX as u32, &[]),
        ),
        ("PNG of nothing", png_of(0, 0, &[])),
        (
            "PNG of 3840 x 2160 in few bytes",
            png_of(3_840, 2_160, &zeros(3_840 * 2_160 + 2_160)),
        ),
        ("8K JPEG", jpeg_of(7_680, 4_320)),
        ("JPEG of 65535 squared", jpeg_of(65_535, 65_535)),
        ("JPEG of nothing", jpeg_of(0, 0)),
        ("GIF screen of 65535 squared", gif_of(u16::MAX, 1)),
        ("GIF frame larger than its screen", gif_of(16, u16::MAX)),
        ("GIF of nothing", gif_of(0, 1)),
        ("GIF of 20,000 frames in 460 KB, 4K", repeated),
        (
            "8K y4m",
            b"YUV4MPEG2 W7680 H4320 F30:1 Cmono\nFRAME\n".to_vec(),
        ),
        (
            "y4m of 2^64 - 1 squared",
            b"YUV4MPEG2 W18446744073709551615 H18446744073709551615 Cmono\nFRAME\n".to_vec(),
        ),
        ("y4m of nothing", b"YUV4MPEG2 W0 H0 Cmono\nFRAME\n".to_vec()),
    ]
}

/// Honest files, cut off.
fn cut() -> Vec<(&'static str, Vec<u8>)> {
    let code = Drawing::default().draw(b"CUT OFF").expect("a code");
    let still = png(&code, 8).expect("a PNG");
    let animation = animated_gif(
        &[code.clone(), code],
        8,
        std::time::Duration::from_millis(100),
    )
    .expect("a GIF");
    let picture = drawn(|x, y| tiled(x, y, 30, 9));
    let jpeg = jpeg_bytes();
    let part = |bytes: &[u8], percent: usize| bytes[..bytes.len() * percent / 100].to_vec();
    vec![
        ("truncated PNG", part(&still, 60)),
        ("truncated GIF", part(&animation, 70)),
        ("truncated JPEG", part(&jpeg, 60)),
        ("truncated y4m", part(&picture, 60)),
        ("truncated headers", b"\x89PNG\r\n\x1a\n".to_vec()),
        ("nothing", Vec::new()),
    ]
}

/// Files that contradict themselves.
fn lies() -> Vec<(&'static str, Vec<u8>)> {
    let signature = b"\x89PNG\r\n\x1a\n".as_slice();
    let header = |width: u32, height: u32| {
        [
            &width.to_be_bytes()[..],
            &height.to_be_bytes()[..],
            &[8, 0, 0, 0, 0],
        ]
        .concat()
    };
    let start = [signature, &chunk(b"IHDR", &header(16, 16))].concat();
    let animation = |frames: u32| chunk(b"acTL", &[frames.to_be_bytes(), [0; 4]].concat());
    let data = chunk(b"IDAT", &zeros(16 * 17));
    let end = chunk(b"IEND", &[]);
    let first_frame = chunk(
        b"fcTL",
        &[
            &[0; 4][..],
            &16_u32.to_be_bytes(),
            &16_u32.to_be_bytes(),
            &[0; 8],
            &[0, 1, 0, 10, 0, 0],
        ]
        .concat(),
    );
    let outside = chunk(
        b"fcTL",
        &[
            &[0, 0, 0, 1][..],
            &u32::MAX.to_be_bytes(),
            &u32::MAX.to_be_bytes(),
            &[0xff; 8],
            &[0, 1, 0, 10, 0, 0],
        ]
        .concat(),
    );
    let text = chunk(
        b"zTXt",
        &[b"bomb\0\0".as_slice(), &zeros(200_000_000)].concat(),
    );
    // Progressive, with tables that make every coefficient of every scan zero.
    let mut scans = b"\xff\xd8\xff\xdb\x00\x43\x00".to_vec();
    scans.extend([1; 64]);
    scans.extend(b"\xff\xc4\x00\x14\x00\x01");
    scans.extend([0; 16]);
    scans.extend(b"\xff\xc4\x00\x14\x10\x01");
    scans.extend([0; 16]);
    scans.extend(&jpeg_of(2_000, 2_000)[2..15]);
    scans[116] = 0xc2;
    for _ in 0..5_000 {
        scans.extend(b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\x00");
    }
    scans.extend(b"\xff\xd9");
    vec![
        (
            "APNG of 4 billion frames",
            [&start, &animation(u32::MAX)[..], &first_frame, &data, &end].concat(),
        ),
        (
            "APNG of no frames",
            [&start, &animation(0)[..], &first_frame, &data, &end].concat(),
        ),
        (
            "APNG frame outside of its picture",
            [
                &start,
                &animation(2)[..],
                &first_frame,
                &data,
                &outside,
                &end,
            ]
            .concat(),
        ),
        (
            "PNG with a text of 200 MB in 200 KB",
            [&start, &text[..], &data, &end].concat(),
        ),
        (
            "PNG of more data than rows",
            [&start, &chunk(b"IDAT", &zeros(50_000_000))[..], &end].concat(),
        ),
        ("JPEG of 5,000 scans", scans),
        (
            "multipart without a picture",
            [b"--boundary\r\n".as_slice(), &[b'A'; 1_000_000]].concat(),
        ),
        (
            "MJPEG that never ends",
            [&[0xff, 0xd8, 0xff, 0xda, 0, 2][..], &[0x55; 20_000_000]].concat(),
        ),
        (
            "y4m header that never ends",
            [b"YUV4MPEG2 W".as_slice(), &[b'1'; 5_000_000]].concat(),
        ),
    ]
}

fn drawn(mut shade_at: impl FnMut(usize, usize) -> u8) -> Vec<u8> {
    let pixels = (0..WIDTH * HEIGHT)
        .map(|at| shade_at(at % WIDTH, at / WIDTH))
        .collect();
    recording(&Luma::new(WIDTH, HEIGHT, pixels).expect("a picture"))
}

fn recording(picture: &Luma) -> Vec<u8> {
    [
        y4m::header(picture.width(), picture.height(), 30),
        y4m::frame(picture),
    ]
    .concat()
}

fn shade(light: bool) -> u8 {
    if light { 235 } else { 20 }
}

/// Finder patterns every `pitch` modules of `scale` pixels.
fn tiled(x: usize, y: usize, scale: usize, pitch: usize) -> u8 {
    let (x, y) = ((x / scale) % pitch, (y / scale) % pitch);
    let ring = x.abs_diff(3).max(y.abs_diff(3));
    shade(!(x < 7 && y < 7 && (ring == 3 || ring <= 1)))
}

fn png_of(width: u32, height: u32, data: &[u8]) -> Vec<u8> {
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, 0, 0, 0, 0],
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &chunk(b"IHDR", &header),
        &chunk(b"IDAT", data),
        &chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A PNG chunk (PNG, 5.3).
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [kind, data].concat();
    let sum = named.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 {
                sum >> 1 ^ 0xedb8_8320
            } else {
                sum >> 1
            }
        })
    });
    [
        &(data.len() as u32).to_be_bytes()[..],
        &named,
        &(!sum).to_be_bytes(),
    ]
    .concat()
}

/// So many zero bytes as a zlib stream (RFC 1950, 1951), about a thousandth as long: a fixed
/// Huffman block that repeats its first byte in runs of 258.
fn zeros(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0b011, 3);
    // Literal 0 is code 00110000; codes go in from their highest bit.
    let literal = |bits: &mut Bits| bits.push(0b0000_1100, 8);
    literal(&mut bits);
    let mut left = count.saturating_sub(1);
    while left >= 258 {
        // Length 258 is code 11000101 of symbol 285, distance 1 is code 00000.
        bits.push(0b1010_0011, 8);
        bits.push(0, 5);
        left -= 258;
    }
    (0..left).for_each(|_| literal(&mut bits));
    bits.push(0, 7);
    // Adler-32 of zeros: a = 1, b = count.
    let sum = ((count % 65_521) as u32) << 16 | 1;
    [&[0x78, 0x01][..], &bits.bytes, &sum.to_be_bytes()].concat()
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    /// The `count` lowest bits, the lowest first.
    fn push(&mut self, bits: u16, count: usize) {
        for at in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((bits >> at & 1) as u8) << (self.used % 8);
            }
            self.used += 1;
        }
    }
}

fn jpeg_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels: Vec<u8> = (0..256 * 256)
        .map(|at| tiled(at % 256, at / 256, 16, 9))
        .collect();
    JpegEncoder::new(&mut bytes)
        .write_image(&pixels, 256, 256, image::ExtendedColorType::L8)
        .expect("a JPEG");
    bytes
}

/// A GIF whose screen and only frame have these sides.
fn gif_of(screen: u16, frame: u16) -> Vec<u8> {
    let (screen, frame) = (screen.to_le_bytes(), frame.to_le_bytes());
    let header = [
        b"GIF89a".as_slice(),
        &screen,
        &screen,
        b"\xf0\x00\x00\x00\x00\x00\xff\xff\xff",
    ]
    .concat();
    [
        &header[..],
        b"\x2c\x00\x00\x00\x00",
        &frame,
        &frame,
        b"\x00\x02\x02\x44\x01\x00;",
    ]
    .concat()
}

/// A JPEG whose frame header says this size.
fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8];
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend([1, 1, 0x11, 0]);
    bytes.extend(b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\xff\xd9");
    bytes
}
