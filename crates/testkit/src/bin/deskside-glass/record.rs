//! Records what a workload does to the screen, for the codec's own bench: real pictures from real programs, without
//! the machines, the line and the display that it takes to make them.
//!
//! A trace is one Zstandard frame. Numbers are little-endian. It begins with `DSTRACE1` and the width and height of
//! the recorded part of the screen (2 bytes each); then follow the pictures: milliseconds since the first (4), the
//! box around all that differs from the picture before, as x, y, width and height (2 each), and the box's pixels row
//! by row, in three planes of *green*, *red − green* and *blue − green*, modulo 256, each value as its difference from
//! the one to its left.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use deskside_testkit::display::Looker;
use deskside_testkit::link::Line;
use deskside_testkit::network::Network;
use deskside_testkit::picture::{Picture, Rect};
use deskside_testkit::scenario::Stage;

use crate::trial;
use crate::workload::Workload;

/// The largest part of the screen that is recorded; it lies in the middle of what the workload changes.
const LARGEST: (u32, u32) = (800, 600);
/// From one look at the screen to the next.
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);
/// Before the first picture: programs start slowly.
const WARM_UP: Duration = Duration::from_secs(3);
/// Most pictures of a trace.
const MOST_PICTURES: usize = 40;
/// Traces are part of the repository: when one has so many bytes it has enough pictures.
const MOST_BYTES: usize = 4 * 1024 * 1024;
const LEVEL: i32 = 19;
const WINDOW_LOG: u32 = 25;

/// Records a workload for that long, or until there is enough, into a file named after it.
pub(crate) fn record(workload: Workload, screen: (u32, u32), time: Duration, folder: &Path) -> Result<()> {
    let name = trial::name(&workload);
    let place = folder.join(format!("{name}-stage"));
    fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    let stage = Stage::set_in(&place, Network::new(&place, Line::default())?, screen)?;
    let work = workload.prepare(&stage, time)?;
    let part = middle(work.area);
    let looker = stage.customer.display().connect()?;
    let stop = AtomicBool::new(false);
    let pictures = thread::scope(|scope| {
        let worker = scope.spawn(|| work.go(&stop));
        let pictures = follow(&looker, part, time);
        stop.store(true, Ordering::Relaxed);
        worker.join().map_err(|_| anyhow!("the workload panicked"))??;
        pictures
    })?;
    let file = folder.join(format!("{name}.trace"));
    let compressed = compress(part, &pictures)?;
    println!("{}: {} bytes", file.display(), compressed.len());
    fs::write(&file, compressed).with_context(|| format!("cannot write {}", file.display()))
}

fn middle(area: Rect) -> Rect {
    let (width, height) = (area.width.min(LARGEST.0), area.height.min(LARGEST.1));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

fn follow(looker: &Looker, part: Rect, time: Duration) -> Result<Vec<Vec<u8>>> {
    thread::sleep(WARM_UP);
    let mut pictures = Vec::new();
    let began = Instant::now();
    let mut before: Option<Picture> = None;
    let mut due = began;
    while began.elapsed() < time && pictures.len() < MOST_PICTURES {
        let (now, picture) = (began.elapsed(), looker.part(part)?);
        let whole = Rect { x: 0, y: 0, width: part.width, height: part.height };
        if let Some(changed) = before.as_ref().map_or(Some(whole), |before| picture.changed_since(before)) {
            let mut bytes = u32::try_from(now.as_millis())?.to_le_bytes().to_vec();
            put(&mut bytes, &[changed.x, changed.y, changed.width, changed.height])?;
            planes(&picture, changed, &mut bytes);
            pictures.push(bytes);
            before = Some(picture);
        }
        due = (due + BETWEEN_LOOKS).max(Instant::now());
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(pictures)
}

fn put(trace: &mut Vec<u8>, numbers: &[u32]) -> Result<()> {
    for number in numbers {
        trace.extend_from_slice(&u16::try_from(*number)?.to_le_bytes());
    }
    Ok(())
}

fn planes(picture: &Picture, part: Rect, trace: &mut Vec<u8>) {
    let of_plane = |pixel: u32, plane: usize| {
        let [_, red, green, blue] = pixel.to_be_bytes();
        [green, red.wrapping_sub(green), blue.wrapping_sub(green)][plane]
    };
    for plane in 0..3 {
        for y in part.y..part.y + part.height {
            let mut left = 0;
            for x in part.x..part.x + part.width {
                let value = of_plane(picture.pixel(x, y).unwrap_or_default(), plane);
                trace.push(value.wrapping_sub(left));
                left = value;
            }
        }
    }
}

fn compress(part: Rect, pictures: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut head = b"DSTRACE1".to_vec();
    put(&mut head, &[part.width, part.height])?;
    let mut compressor = zstd::Encoder::new(Vec::new(), LEVEL)?;
    compressor.window_log(WINDOW_LOG)?;
    compressor.long_distance_matching(true)?;
    compressor.write_all(&head)?;
    for picture in pictures {
        compressor.write_all(picture)?;
        compressor.flush()?;
        if compressor.get_ref().len() > MOST_BYTES {
            break;
        }
    }
    Ok(compressor.finish()?)
}
