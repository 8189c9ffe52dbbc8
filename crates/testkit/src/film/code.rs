//! The number that each picture carries in its upper left and lower right corner: a row of black and white
//! squares, which any coding keeps apart.

use x11rb::protocol::xproto::Rectangle;

use super::{HEIGHT, WIDTH};
use crate::picture::{Picture, Rect};

/// Side of a square, in pixels.
pub(super) const SIDE: u16 = 8;
/// Squares: twelve bits of the number, and four by which a torn one is known.
const SQUARES: u16 = 16;
/// Numbers start again after so many.
pub(super) const NUMBERS: u32 = 1 << 12;

/// The corners' rows of squares.
const CORNERS: [(u16, u16); 2] = [(0, 0), (WIDTH - SQUARES * SIDE, HEIGHT - SIDE)];

/// Where a number is white and where it is black.
pub(super) fn places(number: u32) -> (Vec<Rectangle>, Vec<Rectangle>) {
    let bits = bits(number);
    let squares = CORNERS.into_iter().flat_map(|corner| (0..SQUARES).map(move |bit| (corner, bit)));
    let (white, black): (Vec<_>, Vec<_>) = squares.partition(|(_, bit)| bits >> bit & 1 == 1);
    let rectangle = |((x, y), bit): ((u16, u16), u16)| Rectangle {
        x: (x + bit * SIDE).cast_signed(),
        y: y.cast_signed(),
        width: SIDE,
        height: SIDE,
    };
    (white.into_iter().map(rectangle).collect(), black.into_iter().map(rectangle).collect())
}

/// The lines of pixels through the middles of the squares, of a film whose corner is there.
pub(super) fn lines((x, y): (u32, u32)) -> [Rect; 2] {
    CORNERS.map(|corner| Rect {
        x: x + u32::from(corner.0),
        y: y + u32::from(corner.1 + SIDE / 2),
        width: u32::from(SQUARES * SIDE),
        height: 1,
    })
}

/// The number on such a line, or `None` if it is torn.
pub(super) fn read(line: &Picture) -> Option<u32> {
    let mut bits = 0;
    for bit in 0..SQUARES {
        let colour = line.pixel(u32::from(bit * SIDE + SIDE / 2), 0)?;
        bits |= u32::from(128 <= (colour >> 8 & 0xff)) << bit;
    }
    let number = bits % NUMBERS;
    (self::bits(number) == bits).then_some(number)
}

fn bits(number: u32) -> u32 {
    let number = number % NUMBERS;
    // Not the plain sum: all black and all white must not be numbers.
    let check = (number ^ number >> 4 ^ number >> 8 ^ 0b0101) & 0xf;
    number | check << 12
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(bits: u32) -> Picture {
        let level = |x: u16| if bits >> (x / SIDE) & 1 == 1 { 220 } else { 30 };
        let pixels: Vec<u8> = (0..SQUARES * SIDE).flat_map(|x| [level(x); 4]).collect();
        Picture::from_bgrx(u32::from(SQUARES * SIDE), 1, &pixels).unwrap()
    }

    #[test]
    fn a_number_is_read_back_and_a_torn_one_is_not() {
        for number in [0, 1, 47, 4095] {
            assert_eq!(read(&line(bits(number))), Some(number));
            assert_eq!(read(&line(bits(number) ^ 0x40)), None);
        }
        assert_eq!(read(&line(0)), None);
        assert_eq!(read(&line(0xffff)), None);
    }

    #[test]
    fn every_square_is_painted_once() {
        let (white, black) = places(5);
        assert_eq!(white.len() + black.len(), usize::from(SQUARES) * 2);
        assert_eq!(white[0].x, 0);
        assert_eq!(black[0].x, 8);
    }
}
