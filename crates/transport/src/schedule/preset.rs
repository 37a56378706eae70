//! Receivers by name, and what each of them reads well.

use std::fmt;
use std::str::FromStr;

use super::{Carrier, Order, Version};

/// A receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preset {
    /// Our own other end, on a laptop.
    Own,
    /// Sparrow, on a laptop.
    Sparrow,
    /// Coldcard Q.
    ColdcardQ,
    /// Krux.
    Krux,
    /// SeedSigner.
    SeedSigner,
    /// Blockstream Jade.
    Jade,
    /// Keystone.
    Keystone,
    /// BlueWallet, on a telephone.
    BlueWallet,
}

/// How a message is shown.
///
/// A receiver's camera must give about four pixels to every module; a code has four modules of
/// quiet zone on every side. The version says how much of the message is in one code:
/// [`characters`](super::characters) in alphanumeric mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Formats that the receiver reads, best first.
    pub carriers: &'static [Carrier],
    /// The size of the codes to begin with.
    pub version: Version,
    /// The smallest codes that [`sparser`](super::Schedule::sparser) goes to.
    pub sparsest: Version,
    /// The greatest codes that [`denser`](super::Schedule::denser) goes to.
    pub densest: Version,
    /// Milliseconds for which a code is shown to begin with.
    pub millis: u32,
    /// The fewest milliseconds that [`faster`](super::Schedule::faster) goes to.
    pub fastest: u32,
    /// The most milliseconds that [`slower`](super::Schedule::slower) goes to.
    pub slowest: u32,
    /// The order of a fountain's parts.
    pub order: Order,
}

/// The name of no preset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no preset `{0}`; there are own, sparrow, coldcard-q, krux, seedsigner, jade, keystone and bluewallet"
)]
pub struct UnknownPreset(String);

impl Preset {
    /// All presets.
    pub const ALL: [Preset; 8] = [
        Preset::Own,
        Preset::Sparrow,
        Preset::ColdcardQ,
        Preset::Krux,
        Preset::SeedSigner,
        Preset::Jade,
        Preset::Keystone,
        Preset::BlueWallet,
    ];

    /// Returns its name on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Own => "own",
            Preset::Sparrow => "sparrow",
            Preset::ColdcardQ => "coldcard-q",
            Preset::Krux => "krux",
            Preset::SeedSigner => "seedsigner",
            Preset::Jade => "jade",
            Preset::Keystone => "keystone",
            Preset::BlueWallet => "bluewallet",
        }
    }

    /// Returns how to show messages to it.
    pub fn settings(self) -> Settings {
        match self {
            Preset::Own => OWN,
            Preset::Sparrow => SPARROW,
            Preset::ColdcardQ => COLDCARD_Q,
            Preset::Krux => KRUX,
            Preset::SeedSigner => SEEDSIGNER,
            Preset::Jade => JADE,
            Preset::Keystone => KEYSTONE,
            Preset::BlueWallet => BLUEWALLET,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(name: &str) -> Result<Self, UnknownPreset> {
        Preset::ALL
            .into_iter()
            .find(|preset| preset.name() == name)
            .ok_or_else(|| UnknownPreset(name.into()))
    }
}

const fn version(number: u8) -> Version {
    match Version::new(number) {
        Some(version) => version,
        None => panic!("versions are 1 to 40"),
    }
}

/// What holds for a receiver that nothing more is known of. No code is shown shorter than two
/// frames of a camera at 30 a second (67 ms), or one of them would often see it blend into the
/// next; none longer than 2 s.
const ANY: Settings = Settings {
    carriers: &[Carrier::Ur],
    version: version(10),
    sparsest: version(3),
    densest: version(40),
    millis: 250,
    fastest: 67,
    slowest: 2000,
    order: Order::Alternating,
};

/// Version 20 is 97 modules, 105 with the quiet zone: 5.7 pixels each where the code fills 600
/// lines of a camera of 720, above the 5 at which readers begin to fail. 100 ms is three frames of
/// a camera at 30 a second. Our decoder solves, so that the standard order is the best.
const OWN: Settings = Settings {
    carriers: &[Carrier::Raptorq, Carrier::Ur, Carrier::Bbqr],
    version: version(20),
    millis: 100,
    order: Order::Standard,
    ..ANY
};

/// Sparrow's own middle density is version 17 (400 bytes of UR, 928 characters of BBQr), chosen for
/// what scanners can do, and its own pace is 200 ms; it lets people go to 100 ms. It reads both
/// formats; UR first, because a loop waits for the part that was missed. Its decoder peels.
const SPARROW: Settings = Settings {
    carriers: &[Carrier::Ur, Carrier::Bbqr],
    version: version(17),
    millis: 200,
    ..ANY
};

/// BBQr's specification names version 27 a good choice and 250 ms the pace that the Coldcard Q is
/// tuned for, and advises against very high versions.
const COLDCARD_Q: Settings = Settings {
    carriers: &[Carrier::Bbqr],
    version: version(27),
    millis: 250,
    fastest: 125,
    ..ANY
};

/// A camera of 320 x 240 pixels: version 7 is 45 modules, 53 with the quiet zone, 4.5 pixels each
/// where the code fills the frame. It is Sparrow's low density too (80 bytes of UR). Such a
/// processor reads three or four codes a second. Reads BBQr too.
const KRUX: Settings = Settings {
    carriers: &[Carrier::Ur, Carrier::Bbqr],
    version: version(7),
    densest: version(12),
    millis: 300,
    fastest: 150,
    ..ANY
};

/// A camera stream of 480 x 480 pixels at 12 frames a second at most: version 10 is 57 modules, 65
/// with the quiet zone, 7 pixels each where the code fills the frame; its lens has a fixed focus,
/// which leaves half of that. 250 ms is three frames.
const SEEDSIGNER: Settings = Settings {
    version: version(10),
    densest: version(17),
    millis: 250,
    fastest: 167,
    ..ANY
};

/// A small camera, as Krux's; the codes that Jade shows itself end at version 12 too.
const JADE: Settings = Settings {
    version: version(7),
    densest: version(12),
    millis: 300,
    fastest: 150,
    ..ANY
};

/// Its own kits divide UR at 400 bytes, which is version 17.
const KEYSTONE: Settings = Settings {
    version: version(17),
    densest: version(27),
    millis: 200,
    fastest: 100,
    ..ANY
};

/// It shows 200 bytes of UR in a code itself, which is version 12, for 500 ms; a telephone's camera
/// reads twice as fast.
const BLUEWALLET: Settings = Settings {
    version: version(12),
    densest: version(20),
    millis: 250,
    fastest: 100,
    ..ANY
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_back_and_forth() {
        for preset in Preset::ALL {
            assert_eq!(preset.name().parse(), Ok(preset));
        }
        assert_eq!(
            Preset::from_str("Sparrow"),
            Err(UnknownPreset("Sparrow".into()))
        );
    }

    #[test]
    fn every_preset_begins_within_its_ends() {
        for preset in Preset::ALL {
            let settings = preset.settings();
            assert!(
                (settings.sparsest..=settings.densest).contains(&settings.version),
                "{preset}"
            );
            assert!(
                (settings.fastest..=settings.slowest).contains(&settings.millis),
                "{preset}"
            );
            assert!(!settings.carriers.is_empty());
        }
    }
}
