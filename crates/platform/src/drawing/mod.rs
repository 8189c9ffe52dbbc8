//! From marks to pixels. Pure: knows no display. Pixels are drawn or not, never half, because without a
//! compositor a window covers a pixel or does not cover it.

mod canvas;
mod lettering;

use deskside_codec::Rect;
use deskside_proto::marks::{Colour, Figure, Place};

pub(crate) use canvas::Canvas;
use canvas::{Palette, Spot};

use crate::marks::{STEPS, Shown};

/// Width of a line, in pixels.
const LINE: f32 = 5.0;
/// Width of the rim around everything, which shows it on any ground.
const RIM: f32 = 1.5;
/// Radius of the ring of a pointer.
const RING: f32 = 18.0;
/// Length of an arrow's head.
const HEAD: f32 = 22.0;

/// What a mark looks like on the screen. The picture in whose pixels its places are begins at the upper left of
/// these limits, to which it is cut; `None` if nothing of it lies there.
pub(crate) fn draw(shown: &Shown<'_>, limits: Rect) -> Option<Canvas> {
    let strength = f32::from(shown.strength) / f32::from(STEPS);
    let line = LINE * strength;
    let palette = palette(shown.colour);
    if let Figure::Text { at, text } = shown.figure {
        // Words do not become thinner; the last half of the time they are gone.
        return (STEPS / 2 < shown.strength)
            .then(|| lettering::plate(spot(*at, limits), text, palette, limits))?;
    }
    let paths = paths(shown.figure, limits);
    let spots = paths.iter().flatten().copied();
    let mut canvas = Canvas::around(spots, line / 2.0 + RIM + 1.0, limits, palette)?;
    for (thickness, value) in [(line / 2.0 + RIM, canvas::RIM), (line / 2.0, canvas::BODY)] {
        for path in &paths {
            canvas.stroke(path, thickness, value);
        }
    }
    Some(canvas)
}

/// The lines that a figure consists of.
fn paths(figure: &Figure, limits: Rect) -> Vec<Vec<Spot>> {
    let spot = |place: Place| spot(place, limits);
    match figure {
        Figure::Pointer(at) => {
            let (x, y) = spot(*at);
            let ring = (0..=48).map(|step| (step as f32 / 48.0 * std::f32::consts::TAU).sin_cos());
            vec![ring.map(|(sin, cos)| (x + RING * cos, y + RING * sin)).collect(), vec![(x, y)]]
        }
        Figure::Arrow { from, to } => {
            let (from, to) = (spot(*from), spot(*to));
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = dx.hypot(dy).max(1.0);
            let (ux, uy) = (dx / length, dy / length);
            let barb = |side: f32| {
                let (bx, by) = (-ux + side * uy * 0.6, -uy - side * ux * 0.6);
                (to.0 + bx * HEAD, to.1 + by * HEAD)
            };
            vec![vec![from, to], vec![barb(1.0), to, barb(-1.0)]]
        }
        Figure::Rectangle { from, to } => {
            let (from, to) = (spot(*from), spot(*to));
            vec![vec![from, (to.0, from.1), to, (from.0, to.1), from]]
        }
        Figure::Freehand(line) => vec![line.iter().map(|place| spot(*place)).collect()],
        Figure::Text { .. } => Vec::new(),
    }
}

fn spot(place: Place, limits: Rect) -> Spot {
    (f32::from(place.x) + limits.x as f32, f32::from(place.y) + limits.y as f32)
}

/// Okabe and Ito's colours, which people with any kind of colour vision tell apart, with the rim and the ink
/// that stand out from each.
fn palette(colour: Colour) -> Palette {
    let (white, black) = (0x00ff_ffff, 0x0010_1010);
    let (body, contrast) = match colour {
        Colour::Red => (0x00d5_5e00, white),
        Colour::Yellow => (0x00f0_e442, black),
        Colour::Green => (0x0000_9e73, white),
        Colour::Blue => (0x0000_72b2, white),
    };
    Palette { rim: contrast, body, ink: contrast }
}

#[cfg(test)]
mod tests {
    use deskside_proto::marks::MarkId;

    use super::*;

    const LIMITS: Rect = Rect { x: 0, y: 0, width: 640, height: 480 };

    fn drawn(figure: &Figure, strength: u8, limits: Rect) -> Option<Canvas> {
        let shown = Shown { id: MarkId(1), revision: 1, colour: Colour::Red, figure, strength };
        draw(&shown, limits)
    }

    fn area(canvas: &Canvas) -> u32 {
        canvas.runs().map(|run| run.width).sum()
    }

    fn colour_at(canvas: &Canvas, x: u32, y: u32) -> Option<u32> {
        let there = canvas.runs().find(|run| run.y == y && (run.x..run.x + run.width).contains(&x));
        there.map(|run| canvas.colour(run.value))
    }

    #[test]
    fn a_rectangle_is_its_outline_alone() {
        let figure = Figure::Rectangle { from: Place { x: 300, y: 200 }, to: Place { x: 100, y: 100 } };
        let canvas = drawn(&figure, STEPS, LIMITS).unwrap();
        for (x, y) in [(100, 100), (200, 100), (300, 150), (300, 200), (101, 150)] {
            assert_eq!(colour_at(&canvas, x, y), Some(0x00d5_5e00), "{x} {y}");
        }
        for (x, y) in [(200, 150), (110, 110), (90, 90), (310, 210)] {
            assert_eq!(colour_at(&canvas, x, y), None, "{x} {y}");
        }
        assert_eq!(colour_at(&canvas, 200, 104), Some(0x00ff_ffff), "a rim");
    }

    #[test]
    fn everything_stays_within_its_limits() {
        let limits = Rect { x: 100, y: 50, width: 200, height: 100 };
        let (out, beyond) = (Place { x: 0, y: 0 }, Place { x: u16::MAX, y: u16::MAX });
        let figures = [
            Figure::Pointer(out),
            Figure::Arrow { from: out, to: Place { x: 199, y: 99 } },
            Figure::Rectangle { from: out, to: Place { x: 200, y: 100 } },
            Figure::Freehand(vec![out, Place { x: 100, y: 30 }, beyond, out]),
            Figure::Text { at: Place { x: 190, y: 90 }, text: "words ".repeat(20) },
        ];
        for figure in figures {
            let canvas = drawn(&figure, STEPS, limits).unwrap();
            assert!(area(&canvas) != 0, "{figure:?}");
            for run in canvas.runs() {
                assert!(100 <= run.x && run.x + run.width <= 300 && (50..150).contains(&run.y), "{run:?}");
            }
        }
        assert!(drawn(&Figure::Pointer(beyond), STEPS, limits).is_none());
        let pointer = drawn(&Figure::Pointer(Place { x: 50, y: 40 }), STEPS, limits).unwrap();
        assert_eq!(colour_at(&pointer, 150, 90), Some(0x00d5_5e00), "from the limits' corner");
    }

    #[test]
    fn what_fades_covers_less_and_less() {
        let at = Place { x: 200, y: 200 };
        let line = Figure::Arrow { from: Place { x: 20, y: 30 }, to: at };
        let areas: Vec<u32> = (1..=STEPS).map(|left| area(&drawn(&line, left, LIMITS).unwrap())).collect();
        assert!(areas.is_sorted_by(|less, more| less < more), "{areas:?}");
        let text = Figure::Text { at, text: "here".to_owned() };
        assert!(drawn(&text, STEPS, LIMITS).is_some() && drawn(&text, 1, LIMITS).is_none());
    }

    #[test]
    fn words_are_ink_on_a_plate_of_their_colour() {
        let text = |text: &str| Figure::Text { at: Place { x: 20, y: 20 }, text: text.to_owned() };
        let canvas = drawn(&text("Click here: ✓"), STEPS, LIMITS).unwrap();
        let inked = |canvas: &Canvas| {
            canvas
                .runs()
                .filter(|run| canvas.colour(run.value) == 0x00ff_ffff)
                .map(|run| run.width)
                .sum::<u32>()
        };
        let rim = inked(&drawn(&text(" "), STEPS, LIMITS).unwrap());
        assert!(rim + 50 < inked(&canvas), "letters");
        let long = drawn(&text(&"several words ".repeat(8)), STEPS, LIMITS).unwrap();
        assert!(canvas.height * 2 < long.height, "long texts have several lines");
        assert!(drawn(&text(""), STEPS, LIMITS).is_none());
    }
}
