//! What the codec costs and saves on recorded work of real programs: `cargo bench -p deskside-codec --bench traces`.
//!
//! For each trace in `benches/traces`: nanoseconds a pixel that was marked to encode and to decode, the best of several
//! passes on one thread, and bits a pixel. With `--counts`, the instructions that Valgrind's callgrind counts instead:
//! the same on every run, whatever else the machine does, so that a change of a hundredth can be seen.
//!
//! `deskside-glass --record` makes traces, and its module `record` describes them.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::disallowed_types, reason = "a benchmark may start programs")]
#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

use std::error::Error;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use deskside_codec::{Decoder, Encoder, FrameView, Rect};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/traces");
const PASSES: u32 = 5;
/// How the bench calls itself under Valgrind: a single pass.
const ONCE: &str = "--once";
/// Films and photographs are made exact after the last picture, within this time and by these steps.
const REST: Duration = Duration::from_secs(1);
const REST_STEP: Duration = Duration::from_millis(50);

type Failure = Box<dyn Error>;

/// Work as it was recorded.
struct Trace {
    name: String,
    width: u32,
    height: u32,
    pictures: Vec<Picture>,
}

/// What differs from the picture before.
struct Picture {
    at: Duration,
    place: Rect,
    /// BGRX.
    pixels: Vec<u8>,
}

impl Trace {
    fn read(file: &Path) -> Result<Self, Failure> {
        let mut all = Vec::new();
        let bytes = fs::read(file)?;
        let mut expander = zstd::Decoder::new(bytes.as_slice())?;
        expander.window_log_max(25)?;
        expander.read_to_end(&mut all)?;
        let mut rest = all.as_slice();
        if &take::<8>(&mut rest)? != b"DSTRACE1" {
            return Err("not a trace".into());
        }
        let (width, height) = (number(&mut rest)?, number(&mut rest)?);
        let mut pictures = Vec::new();
        while !rest.is_empty() {
            let at = Duration::from_millis(u32::from_le_bytes(take(&mut rest)?).into());
            let mut next = || number(&mut rest);
            let place = Rect::new(next()?, next()?, next()?, next()?);
            let length = place.width as usize * place.height as usize * 3;
            let (planes, behind) = rest.split_at_checked(length).ok_or("a trace that ends early")?;
            rest = behind;
            pictures.push(Picture { at, place, pixels: pixels(planes, place) });
        }
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, width, height, pictures })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Failure> {
    let (bytes, behind) = rest.split_first_chunk().ok_or("a trace that ends early")?;
    *rest = behind;
    Ok(*bytes)
}

fn number(rest: &mut &[u8]) -> Result<u32, Failure> {
    Ok(u16::from_le_bytes(take(rest)?).into())
}

/// Pixels of planes of green, red − green and blue − green, each value less its left neighbour.
fn pixels(planes: &[u8], place: Rect) -> Vec<u8> {
    let (width, area) = (place.width as usize, place.width as usize * place.height as usize);
    let mut pixels = vec![0; 4 * area];
    for row in 0..place.height as usize {
        let mut values = [0u8; 3];
        for at in row * width..(row + 1) * width {
            for (plane, value) in values.iter_mut().enumerate() {
                *value = value.wrapping_add(planes[plane * area + at]);
            }
            let [green, red, blue] = values;
            let colour = [blue.wrapping_add(green), green, red.wrapping_add(green)];
            pixels[4 * at..4 * at + 3].copy_from_slice(&colour);
        }
    }
    pixels
}

#[derive(Default, Clone, Copy)]
struct Cost {
    encode: Duration,
    decode: Duration,
    bytes: usize,
    pixels: u64,
}

/// A function of its own, by whose name instructions are counted.
#[inline(never)]
fn traced_encode(
    encoder: &mut Encoder,
    marked: &[Rect],
    view: &FrameView<'_>,
    now: Duration,
) -> Result<Option<Vec<u8>>, Failure> {
    encoder.mark(marked);
    Ok(encoder.at(now).next_update(view, usize::MAX, None)?)
}

/// A function of its own, by whose name instructions are counted.
#[inline(never)]
fn traced_decode(decoder: &mut Decoder, update: &[u8]) -> Result<(), Failure> {
    decoder.apply(update)?;
    Ok(())
}

/// Plays a trace; all but the first picture, which is what was there before, counts.
fn play(trace: &Trace) -> Result<Cost, Failure> {
    let (mut encoder, mut decoder) =
        (Encoder::new(trace.width, trace.height)?, Decoder::new(trace.width, trace.height)?);
    let mut screen = vec![0; trace.width as usize * trace.height as usize * 4];
    let mut cost = Cost::default();
    let last = trace.pictures.last().map_or(Duration::ZERO, |picture| picture.at);
    let rest =
        (1..).map(|step| REST_STEP * step).take_while(|time| *time <= REST).map(|time| (last + time, None));
    let pictures = trace.pictures.iter().map(|picture| (picture.at, Some(picture)));
    for (at, picture) in pictures.chain(rest) {
        let before = cost;
        let mut marked = Vec::new();
        if let Some(picture) = picture {
            draw(&mut screen, trace.width, picture);
            marked.push(picture.place);
            cost.pixels += picture.place.area();
        }
        let view = FrameView::new(trace.width, trace.height, trace.width as usize * 4, &screen)?;
        loop {
            let start = Instant::now();
            let update = traced_encode(&mut encoder, &marked, &view, at)?;
            cost.encode += start.elapsed();
            marked.clear();
            let Some(update) = update else { break };
            let start = Instant::now();
            traced_decode(&mut decoder, &update)?;
            cost.decode += start.elapsed();
            cost.bytes += update.len();
        }
        if at == Duration::ZERO {
            cost = before;
        }
    }
    let shown = decoder.pixels().iter().zip(screen.as_chunks::<4>().0);
    if shown.into_iter().any(|(shown, wanted)| *shown != u32::from_le_bytes(*wanted)) {
        return Err("the last picture is not exact".into());
    }
    Ok(cost)
}

fn draw(screen: &mut [u8], width: u32, picture: &Picture) {
    let Rect { x, y, .. } = picture.place;
    for (row, pixels) in (y..).zip(picture.pixels.chunks_exact(picture.place.width as usize * 4)) {
        let at = (row * width + x) as usize * 4;
        screen[at..at + pixels.len()].copy_from_slice(pixels);
    }
}

/// Instructions of all calls of one function while a trace is played.
fn count(file: &Path, function: &str) -> Result<u64, Failure> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=*{function}*"))
        .arg(std::env::current_exe()?)
        .arg(ONCE)
        .arg(file)
        .output()
        .map_err(|error| format!("cannot start valgrind, which Debian has as a package: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    let counted = told.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    counted.filter(|count| *count > 0).ok_or_else(|| format!("valgrind counted nothing:\n{told}").into())
}

fn table(files: &[PathBuf], counts: bool) -> Result<(), Failure> {
    let unit = if counts { "instr/px" } else { "ns/px" };
    println!("recorded work; {unit} of what was marked");
    println!("{:<28} {:>14} {:>14} {:>12} {:>16}", "trace", "encode", "decode", "bits/px", "bytes");
    for file in files {
        let trace = Trace::read(file)?;
        let mut best = play(&trace)?;
        let pixels = best.pixels as f64;
        let each = |total: Duration| total.as_nanos() as f64 / pixels;
        let (encode, decode) = if counts {
            let each = |function| count(file, function).map(|count| count as f64 / pixels);
            (each("traced_encode")?, each("traced_decode")?)
        } else {
            for _ in 1..PASSES {
                let cost = play(&trace)?;
                (best.encode, best.decode) = (best.encode.min(cost.encode), best.decode.min(cost.decode));
            }
            (each(best.encode), each(best.decode))
        };
        let bits = best.bytes as f64 * 8.0 / pixels;
        println!("{:<28} {encode:>14.3} {decode:>14.3} {bits:>12.3} {:>16}", trace.name, best.bytes);
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [once, file] = arguments.as_slice()
        && once == ONCE
    {
        play(&Trace::read(Path::new(file))?)?;
        return Ok(());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(FOLDER)? {
        files.push(entry?.path());
    }
    files.sort();
    // Arguments choose traces by parts of their names.
    let chosen: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let is_chosen = |file: &PathBuf| chosen.iter().any(|part| file.to_string_lossy().contains(part.as_str()));
    files.retain(|file| chosen.is_empty() || is_chosen(file));
    table(&files, arguments.iter().any(|argument| argument == "--counts"))
}
