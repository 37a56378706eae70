//! `degrade IN OUT.gif|OUT.y4m --seed N [--loss PERCENT]`: shows each picture of IN (an animated
//! GIF of codes, or whatever else has pictures) to a bad camera of 1280 x 720, and writes what it
//! sees. Frames are lost at random.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use cofferdam_testkit::frames::{Random, Shot, moderate, shoot};
use cofferdam_transport::picture::{Luma, open_stream, y4m};

/// Frames a second of what is written.
const RATE: u16 = 10;

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;

fn main() -> ExitCode {
    match Arguments::parse(std::env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(
                std::io::stderr(),
                "{error:#}\nusage: degrade IN OUT.gif|OUT.y4m --seed N [--loss PERCENT]"
            );
            ExitCode::from(2)
        }
    }
}

struct Arguments {
    from: PathBuf,
    to: PathBuf,
    seed: u64,
    loss: f32,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments> {
        let (mut paths, mut seed, mut loss) = (Vec::new(), None, 0.0);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--seed" => {
                    seed = Some(
                        words
                            .next()
                            .context("--seed needs a number")?
                            .parse()
                            .context("--seed")?,
                    )
                }
                "--loss" => {
                    loss = words
                        .next()
                        .context("--loss needs a percentage")?
                        .parse()
                        .context("--loss")?
                }
                option if option.starts_with("--") => bail!("{option} is unknown"),
                path => paths.push(PathBuf::from(path)),
            }
        }
        let [from, to] = paths.try_into().ok().context("two files are needed")?;
        if !(0.0..100.0).contains(&loss) {
            bail!("--loss is a percentage below 100");
        }
        let seed = seed.context("--seed is missing")?;
        Ok(Arguments {
            from,
            to,
            seed,
            loss,
        })
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let file = File::open(&arguments.from).with_context(|| arguments.from.display().to_string())?;
    let mut source = open_stream(file)?;
    let mut screens = Vec::new();
    while let Some(screen) = source.next_frame()? {
        if screens.last().is_some_and(|last: &Luma| {
            (last.width(), last.height()) != (screen.width(), screen.height())
        }) {
            bail!("the pictures differ in size");
        }
        screens.push(screen);
    }
    let mut random = Random::new(arguments.seed);
    let kept: Vec<usize> = (0..screens.len())
        .filter(|_| random.unit() * 100.0 >= arguments.loss)
        .collect();
    let mut output = Output::create(&arguments.to)?;
    // Two at a time, and written in order.
    for pair in kept.chunks(2) {
        let frames: Vec<Luma> = std::thread::scope(|scope| {
            let shots: Vec<_> = pair
                .iter()
                .map(|at| scope.spawn(|| frame(&screens, *at, arguments.seed)))
                .collect();
            shots
                .into_iter()
                .map(|shot| shot.join().expect("a frame"))
                .collect()
        });
        for frame in frames {
            output.write(&frame)?;
        }
    }
    output.finish()
}

fn frame(screens: &[Luma], at: usize, seed: u64) -> Luma {
    let (screen, next) = (&screens[at], &screens[(at + 1) % screens.len()]);
    let seed = seed.wrapping_mul(1_000_003).wrapping_add(at as u64);
    let shot = Shot {
        width: WIDTH,
        height: HEIGHT,
        conditions: moderate(seed),
        fill: 0.95,
        seed,
    };
    shoot(screen, next, screen.width() / module(screen), &shot)
}

/// Pixels a module: the shortest run of one shade in any row.
fn module(screen: &Luma) -> usize {
    let shortest = |row: &[u8]| row.chunk_by(|a, b| a == b).map(<[u8]>::len).min();
    screen.rows().filter_map(shortest).min().unwrap_or(1)
}

enum Output {
    Gif(Box<gif::Encoder<BufWriter<File>>>),
    Y4m(BufWriter<File>),
}

impl Output {
    fn create(path: &Path) -> Result<Output> {
        let file = || {
            File::create(path)
                .map(BufWriter::new)
                .with_context(|| path.display().to_string())
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("gif") => {
                let palette: Vec<u8> = (0..16).flat_map(|shade| [shade * 17; 3]).collect();
                let mut encoder =
                    gif::Encoder::new(file()?, WIDTH as u16, HEIGHT as u16, &palette)?;
                encoder.set_repeat(gif::Repeat::Infinite)?;
                Ok(Output::Gif(Box::new(encoder)))
            }
            Some("y4m") => {
                let mut file = file()?;
                file.write_all(&y4m::header(WIDTH, HEIGHT, u32::from(RATE)))?;
                Ok(Output::Y4m(file))
            }
            _ => bail!("the output's name must end in .gif or .y4m"),
        }
    }

    fn write(&mut self, frame: &Luma) -> Result<()> {
        match self {
            Output::Gif(encoder) => encoder.write_frame(&gif::Frame {
                width: WIDTH as u16,
                height: HEIGHT as u16,
                delay: 100 / RATE,
                // Sixteen shades: noise does not compress, and these files are to be looked at.
                buffer: frame
                    .pixels()
                    .iter()
                    .map(|pixel| pixel / 16)
                    .collect::<Vec<u8>>()
                    .into(),
                ..gif::Frame::default()
            })?,
            Output::Y4m(file) => file.write_all(&y4m::frame(frame))?,
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self {
            Output::Gif(encoder) => encoder.into_inner()?.flush()?,
            Output::Y4m(mut file) => file.flush()?,
        }
        Ok(())
    }
}
