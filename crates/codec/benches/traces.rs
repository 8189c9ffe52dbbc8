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
/// And how a trace is to be played then.
const ALONE: &str = "alone";
const GOING_ON: &str = "going-on";
/// Of this trace another one is made, in which the film goes on: its pictures forwards and backwards so many times. What
/// it begins with and its exact picture at rest do not count there.
const FILM: &str = "film";
const TURNS: usize = 4;
const FILM_BEGINS: usize = 20;
const FILM_TIME: Duration = Duration::from_millis(42);
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
    /// How many pictures do not count at the beginning.
    begins: usize,
    /// Whether the rest counts, after the last one.
    ends: bool,
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
        // The first picture is what was there before.
        Ok(Self { name, width, height, pictures, begins: 1, ends: true })
    }

    /// The same pictures forwards and backwards, as a film that does not end.
    fn going_on(&self) -> Self {
        let (width, height) = (self.width, self.height);
        let mut screen = vec![0; width as usize * height as usize * 4];
        let screens: Vec<Vec<u8>> = (self.pictures.iter())
            .map(|picture| {
                draw(&mut screen, width, picture);
                screen.clone()
            })
            .collect();
        let places = self.pictures.iter().skip(1).map(|picture| picture.place);
        let film = places.reduce(around).unwrap_or_default();
        let order = (0..screens.len()).chain((1..screens.len().saturating_sub(1)).rev());
        let order: Vec<usize> = order.collect();
        let pictures = (0..TURNS * order.len()).map(|n| {
            let place = if n == 0 { Rect::new(0, 0, width, height) } else { film };
            let pixels = crop(&screens[order[n % order.len()]], width, place);
            Picture { at: FILM_TIME * n as u32, place, pixels }
        });
        let (name, pictures) = (format!("{}, going on", self.name), pictures.collect());
        Self { name, width, height, pictures, begins: FILM_BEGINS, ends: false }
    }
}

fn around(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect::new(x, y, a.right().max(b.right()) - x, a.bottom().max(b.bottom()) - y)
}

fn crop(screen: &[u8], width: u32, place: Rect) -> Vec<u8> {
    let row = |y: u32| {
        let start = (y * width + place.x) as usize * 4;
        &screen[start..start + place.width as usize * 4]
    };
    (place.y..place.bottom()).flat_map(row).copied().collect()
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
    encode(encoder, marked, view, now)
}

fn encode(
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

/// Plays a trace.
fn play(trace: &Trace) -> Result<Cost, Failure> {
    let (mut encoder, mut decoder) =
        (Encoder::new(trace.width, trace.height)?, Decoder::new(trace.width, trace.height)?);
    let mut screen = vec![0; trace.width as usize * trace.height as usize * 4];
    let mut cost = Cost::default();
    let last = trace.pictures.last().map_or(Duration::ZERO, |picture| picture.at);
    let rest =
        (1..).map(|step| REST_STEP * step).take_while(|time| *time <= REST).map(|time| (last + time, None));
    let pictures = trace.pictures.iter().map(|picture| (picture.at, Some(picture)));
    for (number, (at, picture)) in pictures.chain(rest).enumerate() {
        let counts = trace.begins <= number && (trace.ends || picture.is_some());
        let mut marked = Vec::new();
        if let Some(picture) = picture {
            draw(&mut screen, trace.width, picture);
            marked.push(picture.place);
            cost.pixels += if counts { picture.place.area() } else { 0 };
        }
        let view = FrameView::new(trace.width, trace.height, trace.width as usize * 4, &screen)?;
        loop {
            if !counts {
                let Some(update) = encode(&mut encoder, &marked, &view, at)? else { break };
                marked.clear();
                decoder.apply(&update)?;
                continue;
            }
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
fn count(file: &Path, turn: &str, function: &str) -> Result<u64, Failure> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=*{function}*"))
        .arg(std::env::current_exe()?)
        .arg(ONCE)
        .args([file.as_os_str(), turn.as_ref()])
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
        row(file, ALONE, &trace, counts)?;
        if trace.name == FILM {
            row(file, GOING_ON, &trace.going_on(), counts)?;
        }
    }
    Ok(())
}

fn row(file: &Path, turn: &str, trace: &Trace, counts: bool) -> Result<(), Failure> {
    let mut best = play(trace)?;
    let pixels = best.pixels as f64;
    let each = |total: Duration| total.as_nanos() as f64 / pixels;
    let (encode, decode) = if counts {
        let each = |function| count(file, turn, function).map(|count| count as f64 / pixels);
        (each("traced_encode")?, each("traced_decode")?)
    } else {
        for _ in 1..PASSES {
            let cost = play(trace)?;
            (best.encode, best.decode) = (best.encode.min(cost.encode), best.decode.min(cost.decode));
        }
        (each(best.encode), each(best.decode))
    };
    let bits = best.bytes as f64 * 8.0 / pixels;
    println!("{:<28} {encode:>14.3} {decode:>14.3} {bits:>12.3} {:>16}", trace.name, best.bytes);
    Ok(())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [once, file, turn] = arguments.as_slice()
        && once == ONCE
    {
        let trace = Trace::read(Path::new(file))?;
        play(&if turn == GOING_ON { trace.going_on() } else { trace })?;
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
