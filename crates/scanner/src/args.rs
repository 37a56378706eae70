//! Options of both programs.

use std::path::PathBuf;

use clap::Args;
use cofferdam_transport::Payload;
use cofferdam_transport::schedule::{Carrier, Preset, Schedule, ScheduleError, Version};
use cofferdam_transport::single_frame::Form;
use cofferdam_transport::ur::Names;

use crate::show::Theme;
use crate::source::Source;

/// What is looked at.
#[derive(Clone, Debug, Args)]
pub struct LookArgs {
    /// Pictures to read: PNG, JPEG, GIF (animated ones too), y4m or MJPEG, a named pipe with such a
    /// stream, or a folder.
    #[arg(value_name = "PICTURES", required_unless_present = "camera")]
    pub pictures: Vec<PathBuf>,

    /// Look through this camera (a V4L2 device, such as /dev/video0).
    #[arg(long, value_name = "DEVICE", conflicts_with = "pictures")]
    pub camera: Option<PathBuf>,
}

impl LookArgs {
    /// Returns what is to be looked at, in order.
    pub fn sources(&self) -> Vec<Source> {
        let camera = self.camera.iter().cloned().map(Source::Camera);
        camera
            .chain(self.pictures.iter().cloned().map(Source::Path))
            .collect()
    }
}

/// The formats that can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CodeFormat {
    /// Cofferdam's own (RaptorQ): the fastest, between its two programs.
    #[value(name = "fast", alias = "raptorq")]
    Raptorq,
    /// BC-UR, under the names that every wallet reads (crypto-psbt, crypto-account, ...).
    Ur,
    /// BC-UR, under the newer names (psbt, account-descriptor, ...).
    UrNew,
    /// BBQr.
    Bbqr,
    /// One code, base64.
    Base64,
    /// One code, Electrum's base43.
    Base43,
    /// One code, hexadecimal.
    Hex,
    /// One code, the bytes or the text as they are.
    Binary,
}

impl CodeFormat {
    fn carrier(self) -> Carrier {
        match self {
            CodeFormat::Raptorq => Carrier::Raptorq,
            CodeFormat::Ur => Carrier::Ur,
            CodeFormat::UrNew => Carrier::UrNew,
            CodeFormat::Bbqr => Carrier::Bbqr,
            CodeFormat::Base64 => Carrier::SingleFrame(Form::Base64),
            CodeFormat::Base43 => Carrier::SingleFrame(Form::Base43),
            CodeFormat::Hex => Carrier::SingleFrame(Form::Hex),
            CodeFormat::Binary => Carrier::SingleFrame(Form::Binary),
        }
    }
}

/// The colours of codes on a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ThemeName {
    /// Black on white, by escape sequences.
    #[default]
    Colours,
    /// Without escape sequences, for a terminal with a dark background.
    Dark,
    /// Without escape sequences, for a terminal with a light background.
    Light,
}

/// How codes are shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Codes")]
pub struct ShowArgs {
    /// Who reads the codes: own, sparrow, coldcard-q, krux, seedsigner, jade, keystone or
    /// bluewallet.
    #[arg(long = "to", value_name = "RECEIVER", default_value_t = Preset::Own)]
    pub receiver: Preset,

    /// The format, instead of the receiver's first choice.
    #[arg(long = "code", value_name = "FORMAT")]
    pub format: Option<CodeFormat>,

    /// The size of the codes (QR version), instead of the receiver's.
    #[arg(long, value_name = "1-40", value_parser = version)]
    pub qr_version: Option<Version>,

    /// For how long each code is shown, in milliseconds, instead of the receiver's pace.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(20..=10_000))]
    pub frame_ms: Option<u32>,

    /// The colours on the terminal.
    #[arg(long, value_name = "THEME", value_enum, default_value_t = ThemeName::Colours)]
    pub theme: ThemeName,
}

impl ShowArgs {
    /// Returns the codes of a message; none is greater than `largest`.
    ///
    /// # Errors
    ///
    /// The message cannot be shown so.
    pub fn schedule(
        &self,
        payload: Payload,
        largest: Option<Version>,
    ) -> Result<Schedule, ScheduleError> {
        let mut settings = self.receiver.settings();
        if let Some(version) = self.qr_version {
            settings.version = version;
            settings.sparsest = settings.sparsest.min(version);
            settings.densest = settings.densest.max(version);
        }
        if let Some(millis) = self.frame_ms {
            settings.millis = millis;
            settings.fastest = settings.fastest.min(millis);
            settings.slowest = settings.slowest.max(millis);
        }
        if let Some(largest) = largest {
            settings.version = settings.version.min(largest);
            settings.densest = settings.densest.min(largest);
            settings.sparsest = settings.sparsest.min(largest);
        }
        match self.format {
            Some(format) => Schedule::in_format(payload, settings, format.carrier()),
            None => Schedule::new(payload, settings),
        }
    }

    /// Returns the names under which UR types go.
    pub fn names(&self) -> Names {
        match self.format {
            Some(CodeFormat::UrNew) => Names::New,
            _ => Names::Old,
        }
    }

    /// Returns the colours.
    pub fn theme(&self) -> Theme {
        match self.theme {
            ThemeName::Colours => Theme::Colours,
            ThemeName::Dark => Theme::Dark,
            ThemeName::Light => Theme::Light,
        }
    }
}

fn version(text: &str) -> Result<Version, String> {
    let number = text.parse().ok().and_then(Version::new);
    number.ok_or_else(|| "a QR version is a number from 1 to 40".into())
}
