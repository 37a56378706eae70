//! Files of pictures: PNG, APNG, GIF, JPEG, y4m and MJPEG. Each picture keeps to its bounds, and
//! each file ends.

#![no_main]

use cofferdam_transport::picture::luma::MAX_PIXELS;
use cofferdam_transport::picture::read_all;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let _ = read_all(file, |picture| {
        let (width, height) = (picture.width(), picture.height());
        assert!(width > 0 && height > 0 && (width * height) as u64 <= MAX_PIXELS);
        assert_eq!(picture.pixels().len(), width * height);
    });
});
