//! Updates that no encoder makes: each is refused for what it is, at once and in little memory, and leaves
//! the picture as it was.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail where it stands")]
#![expect(clippy::disallowed_methods, reason = "a bound on time is shown with a clock")]
#![expect(clippy::expect_used, reason = "a test that cannot go on should say what it was doing")]

mod common;

use std::time::{Duration, Instant};

use common::{Paint, Random, Screen, next};
use deskside_codec::{DecodeError, Decoder, Encoder, MAX_UPDATE, Rect, cursor};

/// What decoding one update may take, with the slowness of a busy test machine.
const TIME: Duration = Duration::from_millis(250 * 4);
/// What refusing may add to the memory of the process, in KiB.
const MEMORY: u64 = 96 * 1024;

/// Whether an error is the one that a malformed update must give.
type IsExpected = fn(&DecodeError) -> bool;

const LAST: u32 = 1;
const RAW: u32 = 0;
const RLE: u32 = 1 << 1;
const RESERVED: u32 = 3 << 1;

/// A block header of RFC 8878 §3.1.1.2.
fn block(last: u32, kind: u32, size: u32) -> Vec<u8> {
    (last | kind | size << 3).to_le_bytes()[..3].to_vec()
}

/// One piece of planes that is the whole of tile 0, and these blocks.
fn with_blocks(blocks: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 1, 0x81, 0, 0], blocks].concat()
}

/// Peak memory of this process in KiB. The kernel's figure is exact to a few pages only.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("peak memory");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The updates of a session with some activity, and its screen at the end.
fn session(width: u32, height: u32) -> (Vec<Vec<u8>>, Screen) {
    let mut screen = Screen::new(width, height);
    let mut encoder = Encoder::new(width, height).unwrap();
    let (mut updates, mut now) = (Vec::new(), Duration::ZERO);
    let paints =
        [Paint::Text(1), Paint::Photo(2), Paint::Solid(0x0033_6699), Paint::Text(3), Paint::Noise(4)];
    let film = Rect::new(30, 11, width / 2, height / 2);
    for number in 0..7 {
        now += Duration::from_millis(40);
        screen.paint(film, if number < 5 { Paint::Film(number) } else { Paint::Camera(number) });
        encoder.mark(&[film]);
        updates.extend(encoder.at(now).next_update(&screen.view(), 20_000, None).unwrap());
    }
    for (paint, n) in paints.into_iter().zip(0..) {
        let rect = Rect::new(17 * n, 9 * n, width - 23 * n, height - 11 * n);
        screen.paint(rect, paint);
        encoder.mark(&[rect]);
        updates.extend(next(&mut encoder, &screen, 20_000, None, &mut now));
        screen.shift(rect, 0, -9);
        encoder.mark(&[rect]);
        while let Some(update) = next(&mut encoder, &screen, 20_000, None, &mut now) {
            updates.push(update);
        }
    }
    (updates, screen)
}

/// Name, update and how it must be refused.
type Case = (&'static str, Vec<u8>, IsExpected);

/// A picture of 100 x 70 pixels refuses each, and stays as it is.
fn refuse(cases: Vec<Case>) {
    let mut decoder = Decoder::new(100, 70).unwrap();
    decoder.apply(&with_blocks(&[block(LAST, RLE, 12_288), vec![7]].concat())).expect("the well-formed one");
    let before = decoder.pixels().to_vec();
    for (name, update, expected) in cases {
        let error = decoder.apply(&update).expect_err(name);
        assert!(expected(&error), "{name}: {error:?}");
        assert!(decoder.pixels() == before, "{name}");
    }
}

#[test]
fn t32_malformed_updates_are_refused_by_name() {
    let whole_solid = |tile: u8| vec![0x80, 0, tile, 9, 9, 9];
    let update = |count: u8, pieces: &[u8]| [&[2, 0, 0, count], pieces].concat();
    let inner = |x, y, width, height| update(1, &[0, 0, 0, x, y, width, height, 1, 2, 3]);
    // 100 x 70 pixels: tiles 0 and 1 above 2 and 3; tile 3 has 36 x 6.
    let cases: Vec<Case> = vec![
        ("nothing", vec![], |e| matches!(e, DecodeError::Truncated { field: "version" })),
        ("version 0", vec![0, 0, 0, 0], |e| matches!(e, DecodeError::Unknown { field: "version", value: 0 })),
        ("version 1", vec![1, 0, 0, 0], |e| matches!(e, DecodeError::Unknown { field: "version", value: 1 })),
        ("count 65535", vec![2, 0, 255, 255], |e| matches!(e, DecodeError::TooLong { field: "pieces", .. })),
        ("count 2 of 1", update(2, &whole_solid(0)), |e| matches!(e, DecodeError::Truncated { .. })),
        ("count 0 of 1", update(0, &whole_solid(0)), |e| matches!(e, DecodeError::Trailing(6))),
        ("tile outside", update(1, &whole_solid(4)), |e| matches!(e, DecodeError::Piece { tile: 4, .. })),
        ("tile 65535", update(1, &[0x81, 255, 255]), |e| {
            matches!(e, DecodeError::Piece { tile: 65_535, .. })
        }),
        ("tile twice", update(2, &[whole_solid(1), whole_solid(1)].concat()), |e| {
            matches!(e, DecodeError::Piece { piece: 1, tile: 1, .. })
        }),
        ("kind 7", update(1, &[0x87, 0, 0]), |e| matches!(e, DecodeError::Unknown { value: 0x87, .. })),
        ("slot cut short", update(1, &[0x85, 0, 0, 0]), |e| {
            matches!(e, DecodeError::Truncated { field: "slot" })
        }),
        ("slot that is empty", update(1, &[0x85, 0, 0, 7, 255]), |e| matches!(e, DecodeError::Piece { .. })),
        ("slot of a tile of another size", update(1, &[0x85, 0, 1, 0, 0]), |e| {
            matches!(e, DecodeError::Piece { piece: 0, tile: 1, .. })
        }),
        ("slot that is kept for a tile of another size", update(1, &[0xC5, 0, 1, 0, 1]), |e| {
            matches!(e, DecodeError::Piece { piece: 0, tile: 1, .. })
        }),
        ("slot 65535", update(1, &[0xC5, 0, 0, 255, 255]), |e| matches!(e, DecodeError::Piece { .. })),
        ("slot for a part of a tile", update(1, &[5, 0, 0, 0, 0, 5, 5, 0, 0]), |e| {
            matches!(e, DecodeError::Piece { .. })
        }),
        ("beyond the picture", update(1, &[0x86, 0, 0, 40, 0, 255]), |e| {
            matches!(e, DecodeError::Piece { tile: 0, .. })
        }),
        ("kind 127", update(1, &[0x7F, 0, 0, 0, 0, 0, 0]), |e| matches!(e, DecodeError::Unknown { .. })),
        ("too wide", inner(1, 0, 63, 0), |e| matches!(e, DecodeError::Piece { .. })),
        ("too high", inner(0, 63, 0, 1), |e| matches!(e, DecodeError::Piece { .. })),
        ("255 x 255", inner(255, 255, 255, 255), |e| matches!(e, DecodeError::Piece { .. })),
        ("past a cut tile", update(1, &[0, 0, 3, 0, 0, 36, 5, 1, 2, 3]), |e| {
            matches!(e, DecodeError::Piece { .. })
        }),
        ("planes without blocks", with_blocks(&[]), |e| matches!(e, DecodeError::Blocks(_))),
        ("reserved block", with_blocks(&block(LAST, RESERVED, 4)), |e| matches!(e, DecodeError::Blocks(_))),
        ("too few planes", with_blocks(&[block(LAST, RLE, 12_287), vec![7]].concat()), |e| {
            matches!(e, DecodeError::Blocks(_))
        }),
        ("too many planes", with_blocks(&[block(LAST, RLE, 12_289), vec![7]].concat()), |e| {
            matches!(e, DecodeError::Blocks(_))
        }),
        ("blocks without end", with_blocks(&[block(0, RLE, 12_288), vec![7]].concat()), |e| {
            matches!(e, DecodeError::Blocks(_))
        }),
        ("trailing byte", with_blocks(&[block(LAST, RLE, 12_288), vec![7, 0]].concat()), |e| {
            matches!(e, DecodeError::Trailing(1))
        }),
        ("too long", [vec![2, 0, 0, 0], vec![0; MAX_UPDATE]].concat(), |e| {
            matches!(e, DecodeError::TooLong { field: "update", .. })
        }),
    ];
    refuse(cases);
}

#[test]
fn t32_malformed_copies_are_refused_by_name() {
    let copies = |count: u8, copies: &[[u8; 6]]| {
        // Two bytes a number.
        let copies: Vec<u8> = copies.iter().flatten().flat_map(|number| [0, *number]).collect();
        [&[2, count, 0, 0], copies.as_slice()].concat()
    };
    refuse(vec![
        ("65 copies", copies(65, &[[0, 0, 1, 1, 1, 1]; 65]), |e| {
            matches!(e, DecodeError::TooLong { field: "copies", length: 65, .. })
        }),
        ("half a copy", copies(2, &[[0, 0, 1, 1, 1, 1]]), |e| {
            matches!(e, DecodeError::Truncated { field: "copy" })
        }),
        ("a copy too many", copies(1, &[[0, 0, 1, 1, 1, 1]; 2]), |e| matches!(e, DecodeError::Trailing(12))),
        ("copy of nothing", copies(1, &[[0, 0, 1, 1, 0, 1]]), |e| {
            matches!(e, DecodeError::Copy { copy: 0, .. })
        }),
        ("copy from outside", copies(1, &[[90, 0, 0, 0, 11, 1]]), |e| matches!(e, DecodeError::Copy { .. })),
        ("copy to outside", copies(1, &[[0, 0, 0, 60, 1, 11]]), |e| matches!(e, DecodeError::Copy { .. })),
        ("copy from far outside", [vec![2, 1, 0, 0], vec![255; 12]].concat(), |e| {
            matches!(e, DecodeError::Copy { .. })
        }),
        (
            "copies above the picture",
            copies(3, &[[0, 0, 0, 1, 100, 35], [0, 0, 0, 1, 100, 35], [0, 0, 1, 1, 1, 1]]),
            |e| matches!(e, DecodeError::Copy { copy: 2, .. }),
        ),
        (
            "copy before a broken piece",
            [&[2, 1, 0, 1], [0; 5].as_slice(), &[9, 0, 0, 0, 20, 0, 20], &[0xFF, 0, 0]].concat(),
            |e| matches!(e, DecodeError::Unknown { .. }),
        ),
    ]);
}

#[test]
fn t32_malformed_palettes_are_refused_by_name() {
    let update = |count: u8, pieces: &[u8]| [&[2, 0, 0, count], pieces].concat();
    let palette =
        |tile: u8, added: u8| [[0x82, 0, tile, added].as_slice(), &[9; 3].repeat(added.into())].concat();
    let palette_update = || update(1, &palette(0, 2));
    let numbers = |number| [palette_update(), block(LAST, RLE, 4096), vec![number]].concat();
    let well_formed = Decoder::new(100, 70).unwrap().apply(&numbers(1));
    assert_eq!(well_formed, Ok(vec![Rect::new(0, 0, 64, 64)]));
    refuse(vec![
        ("palette cut short", update(1, &[0x82, 0, 0, 2, 1, 2, 3, 4, 5]), |e| {
            matches!(e, DecodeError::Truncated { field: "colour" })
        }),
        ("empty palette", update(1, &[0x82, 0, 0, 0]), |e| matches!(e, DecodeError::Piece { .. })),
        ("palette that begins anew without colours", update(1, &[0x82, 0, 0, 0x80]), |e| {
            matches!(e, DecodeError::Piece { .. })
        }),
        (
            "palette of 257 colours",
            update(3, &[palette(0, 127), palette(1, 127), palette(2, 3)].concat()),
            |e| matches!(e, DecodeError::Piece { piece: 2, .. }),
        ),
        ("number beyond its palette", numbers(2), |e| matches!(e, DecodeError::Piece { piece: 0, .. })),
        ("number far beyond its palette", numbers(255), |e| matches!(e, DecodeError::Piece { piece: 0, .. })),
        ("too many numbers", [&palette_update(), block(LAST, RLE, 4097).as_slice(), &[0]].concat(), |e| {
            matches!(e, DecodeError::Blocks(_))
        }),
    ]);
}

#[test]
fn t32_every_cut_and_every_extension_is_refused() {
    let (updates, screen) = session(200, 130);
    let mut decoder = Decoder::new(200, 130).unwrap();
    for update in &updates {
        let before = decoder.pixels().to_vec();
        for length in (0..update.len()).rev().take(600).chain(0..600.min(update.len())) {
            decoder.apply(&update[..length]).expect_err("a cut update");
        }
        for byte in [0, 1, 255] {
            decoder
                .apply(&[update.as_slice(), &[byte]].concat())
                .expect_err("an update with a byte behind it");
        }
        assert!(decoder.pixels() == before);
        decoder.apply(update).expect("the refused ones left the state as it was");
    }
    assert!(decoder.pixels() == screen.pixels());
}

#[test]
fn t32_mutated_updates_never_panic_and_stay_bounded() {
    let (width, height) = (200, 130);
    let (updates, _) = session(width, height);
    let mut random = Random(0x5EED_0001);
    let before = peak();
    let mut refused = 0;
    for round in 0..4000u32 {
        let mut decoder = Decoder::new(width, height).unwrap();
        let victim = round as usize % updates.len();
        updates[..victim].iter().for_each(|update| drop(decoder.apply(update).unwrap()));
        let mut update = updates[victim].clone();
        for _ in 0..=random.below(4) {
            // Most mutations near the start, where the structure is.
            let limit = if random.below(2) == 0 { update.len().min(80) } else { update.len() };
            let at = random.below(limit as u32) as usize;
            match random.below(4) {
                0 => update[at] = random.next().to_be_bytes()[0],
                1 => update[at] ^= 1 << random.below(8),
                2 => update.insert(at, random.next().to_be_bytes()[0]),
                _ => drop(update.remove(at)),
            }
        }
        refused += u32::from(decoder.apply(&update).is_err());
        assert_eq!(decoder.pixels().len(), (width * height) as usize);
    }
    assert!(refused > 2500, "{refused}");
    assert!(peak().saturating_sub(before) < MEMORY, "{} KiB", peak().saturating_sub(before));
}

#[test]
fn t33_the_most_copies_of_the_largest_picture_are_made_in_time() {
    let mut decoder = Decoder::new(16_384, 4_096).unwrap();
    // A quarter of the picture: each of a 64th of its columns, down by a row, so that rows go from the last to the first.
    let numbers = (0..64u16).flat_map(|n| [n * 256, 0, n * 256, 1, 256, 1024]);
    let copies: Vec<u8> = numbers.flat_map(u16::to_be_bytes).collect();
    let update = [[2, 64, 0, 0].as_slice(), &copies].concat();
    let start = Instant::now();
    assert_eq!(decoder.apply(&update).unwrap().len(), 64);
    assert!(start.elapsed() < TIME, "{:?}", start.elapsed());
}

#[test]
fn t33_bombs_are_refused_quickly_and_in_little_memory() {
    let rle = [block(0, RLE, 128 * 1024), vec![0]].concat();
    let room = MAX_UPDATE - 7;
    let bombs = [
        ("34 GB of zeros", with_blocks(&rle.repeat(room / rle.len()))),
        ("blocks of nothing", with_blocks(&block(0, RAW, 0).repeat(room / 3))),
        ("runs of nothing", with_blocks(&[block(0, RLE, 0), vec![0]].concat().repeat(room / 4))),
        ("blocks above the longest", with_blocks(&[block(0, RLE, 2_000_000), vec![0]].concat())),
    ];
    let mut decoder = Decoder::new(1920, 1080).unwrap();
    let before = peak();
    for (name, bomb) in bombs {
        let start = Instant::now();
        let error = decoder.apply(&bomb).expect_err(name);
        assert!(matches!(error, DecodeError::Blocks(_)), "{name}: {error}");
        assert!(start.elapsed() < TIME, "{name} took {:?}", start.elapsed());
    }
    assert!(peak().saturating_sub(before) < MEMORY, "{} KiB", peak().saturating_sub(before));
}

#[test]
fn t33_a_claim_of_more_planes_than_an_update_may_have_is_refused_before_anything_is_expanded() {
    let mut decoder = Decoder::new(16_384, 4_096).unwrap();
    let before = peak();
    let pieces: Vec<u8> =
        (0..16_384u16).flat_map(|tile| [[0x81].as_slice(), &tile.to_be_bytes()].concat()).collect();
    let update = [&[2, 0], 16_384u16.to_be_bytes().as_slice(), &pieces, &block(LAST, RLE, 0)].concat();
    let error = decoder.apply(&update).expect_err("192 MiB of planes");
    assert!(matches!(error, DecodeError::TooLong { field: "planes", .. }), "{error}");
    assert!(peak().saturating_sub(before) < MEMORY, "{} KiB", peak().saturating_sub(before));
}

#[test]
fn t33_an_update_that_keeps_more_tiles_than_there_are_slots_is_refused_before_any_is_kept() {
    let mut decoder = Decoder::new(16_384, 4_096).unwrap();
    let pieces = |count: u16| -> Vec<u8> {
        (0..count).flat_map(|tile| [[0xC0].as_slice(), &tile.to_be_bytes(), &[7; 3]].concat()).collect()
    };
    let update = |count: u16| [&[2, 0], count.to_be_bytes().as_slice(), &pieces(count)].concat();
    let before = peak();
    let error = decoder.apply(&update(2049)).expect_err("2,049 tiles");
    assert!(matches!(error, DecodeError::TooLong { field: "kept tiles", .. }), "{error}");
    assert!(peak().saturating_sub(before) < MEMORY, "{} KiB", peak().saturating_sub(before));
    for _ in 0..10 {
        assert!(decoder.apply(&update(2048)).is_ok());
    }
    // The cache and the rows that were written.
    assert!(
        peak().saturating_sub(before) < MEMORY + 32 * 1024 + 2048 * 16,
        "{} KiB",
        peak().saturating_sub(before)
    );
}

#[test]
fn t33_cursor_bombs_are_refused() {
    let rle = [block(0, RLE, 128 * 1024), vec![0]].concat();
    let bomb = [vec![1], rle.repeat((cursor::MAX_COMPRESSED - 1) / rle.len())].concat();
    let before = peak();
    let start = Instant::now();
    assert!(matches!(cursor::decompress(&bomb, 256, 256), Err(DecodeError::Blocks(_))));
    assert!(matches!(cursor::decompress(&bomb, 1, 1), Err(DecodeError::Blocks(_))));
    assert!(start.elapsed() < TIME);
    assert!(peak().saturating_sub(before) < MEMORY, "{} KiB", peak().saturating_sub(before));
}
