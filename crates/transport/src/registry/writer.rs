//! Writing CBOR, deterministically as long as fields are written in order.

use minicbor::Encoder;
use minicbor::data::Tag;

/// Bytes that grow. Writing to them has no error.
pub(super) struct Writer(Encoder<Vec<u8>>);

impl Writer {
    pub(super) fn new() -> Writer {
        Writer(Encoder::new(Vec::new()))
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }

    pub(super) fn map(&mut self, fields: usize) {
        let _ = self.0.map(fields as u64);
    }

    pub(super) fn array(&mut self, items: usize) {
        let _ = self.0.array(items as u64);
    }

    pub(super) fn tag(&mut self, tag: u64) {
        let _ = self.0.tag(Tag::new(tag));
    }

    pub(super) fn uint(&mut self, number: u32) {
        let _ = self.0.u32(number);
    }

    pub(super) fn bool(&mut self, value: bool) {
        let _ = self.0.bool(value);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let _ = self.0.bytes(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        let _ = self.0.str(text);
    }
}
