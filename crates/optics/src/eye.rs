//! The loop of the process that looks at pictures.

use std::fs::File;
use std::io::{Read, Write};
use std::time::Instant;

use cofferdam_camera::Camera;
use cofferdam_transport::code::Reader;
use cofferdam_transport::picture::{self, FrameSource};

use crate::budget::{FrameTimer, READING_TIME, limit_memory};
use crate::message::{Content, Glance, MAX_CODES, Task, receive, send};

/// Looks at whatever it is told to, until nobody is left to tell. Call it in a process that has nothing else to do: its
/// memory is limited for good, and a frame that takes too long ends it.
pub fn run(mut tasks: impl Read, mut glances: impl Write) {
    // A picture made for it can make a library panic; there is nothing to tell but that its frame is passed over.
    std::panic::set_hook(Box::new(|_| {}));
    // Nobody is there to hear of it: an eye that cannot be limited sees nothing.
    let Ok(mut timer) = limit_memory().and_then(|()| FrameTimer::new()) else {
        return;
    };
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
    timer.begin()?;
    let mut source = match open(task) {
        Ok(source) => source,
        Err(error) => return send(glances, &Glance::Failed(error)),
    };
    for number in 0.. {
        timer.begin()?;
        let start = Instant::now();
        let frame = match source.next_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(error) => return send(glances, &Glance::Failed(error.to_string())),
        };
        if number < task.skip {
            continue;
        }
        let codes = reader.read(&frame, &|| start.elapsed() > READING_TIME);
        let codes = codes.into_iter().take(MAX_CODES).map(Content).collect();
        send(glances, &Glance::Frame { number, codes })?;
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
    let source = picture::open_stream(std::io::BufReader::new(file)).map_err(|error| error.to_string())?;
    Ok(source)
}
