//! The loop of the process that looks at pictures.

use std::fs::File;
use std::io::{Read, Write};

use cofferdam_camera::Camera;
use cofferdam_transport::code::Reader;
use cofferdam_transport::picture::{self, FrameSource, Luma};

use crate::budget::{FrameTimer, be_silent, limit_memory};
use crate::message::{Content, Glance, MAX_CODES, Task, receive, send};

/// Looks at whatever it is told to, until nobody is left to tell. Call it in a process that has
/// nothing else to do: its memory is limited for good, and a frame that takes too long ends it.
pub fn run(mut tasks: impl Read, mut glances: impl Write) {
    // A decoder that cannot be limited sees nothing: it ends before it is ready.
    let limits = be_silent()
        .and_then(|()| limit_memory())
        .and_then(|()| FrameTimer::new());
    let Ok(mut timer) = limits else { return };
    if send(&mut glances, &Glance::Ready).is_err() {
        return;
    }
    let mut reader = Reader::default();
    while let Ok(Some(task)) = receive::<Task>(&mut tasks) {
        if look(&task, &mut reader, &mut timer, &mut glances).is_err() {
            return;
        }
    }
}

fn look(
    task: &Task,
    reader: &mut Reader,
    timer: &mut FrameTimer,
    glances: &mut impl Write,
) -> std::io::Result<()> {
    // The first frame includes the file's header: in a PNG, its pixels are behind it.
    timer.begin()?;
    let mut source = match open(task) {
        Ok(source) => source,
        Err(error) => return send(glances, &Glance::Failed(error)),
    };
    let mut last: Option<(Luma, Vec<Vec<u8>>)> = None;
    for number in 0.. {
        let frame = match source.next_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(error) => return send(glances, &Glance::Failed(error.to_string())),
        };
        if number < task.skip {
            send(glances, &Glance::Skipped)?;
            timer.begin()?;
            continue;
        }
        // A recording of a screen repeats most of its frames.
        let codes = match last.take() {
            Some((before, codes)) if before == frame => codes,
            _ => reader.read(&frame, &|| timer.out_of_time()),
        };
        let contents = codes.iter().take(MAX_CODES).cloned().map(Content).collect();
        send(
            glances,
            &Glance::Frame {
                number,
                codes: contents,
            },
        )?;
        last = Some((frame, codes));
        timer.begin()?;
    }
    send(glances, &Glance::End)
}

fn open(task: &Task) -> Result<Box<dyn FrameSource>, String> {
    let path = task.path();
    if task.camera {
        let camera = Camera::open(&path).map_err(|error| error.to_string())?;
        return Ok(Box::new(camera));
    }
    let file = File::open(&path).map_err(|error| error.to_string())?;
    let source =
        picture::open_stream(std::io::BufReader::new(file)).map_err(|error| error.to_string())?;
    Ok(source)
}
