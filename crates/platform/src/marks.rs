//! The marks that are on the sharer's screen just now: how many, how long, and how far they have faded.
//! Pure: time is passed in, and nothing is drawn here.

use std::collections::VecDeque;
use std::time::Duration;

use deskside_proto::marks::{Colour, Figure, MarkEvent, MarkId, Place};

/// Most marks at one time; a new one takes the oldest one's place.
pub const MAX_MARKS: usize = 32;
/// Most places of a line drawn by hand; it is forgotten from its beginning.
pub const MAX_LINE: usize = 512;
/// Most characters of a text.
pub const MAX_LETTERS: usize = 120;
/// How long a mark stays after it last changed.
pub const LASTS: Duration = Duration::from_secs(6);
/// How long it fades at the end of that.
pub const FADES: Duration = Duration::from_millis(640);
/// The steps in which it fades.
pub const STEPS: u8 = 8;

/// A mark as it is to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Which.
    pub id: MarkId,
    /// Another one for every change of the mark, and never the same for two marks.
    pub revision: u64,
    /// What it is drawn in.
    pub colour: Colour,
    /// Its shape.
    pub figure: &'a Figure,
    /// How much of it is left, from [`STEPS`] down to 1.
    pub strength: u8,
}

#[derive(Debug)]
struct Mark {
    id: MarkId,
    revision: u64,
    colour: Colour,
    figure: Figure,
    changed: Duration,
}

impl Mark {
    fn strength(&self, now: Duration) -> u8 {
        let left = (self.changed + LASTS).saturating_sub(now);
        let steps = (left.as_millis() * u128::from(STEPS)).div_ceil(FADES.as_millis());
        u8::try_from(steps).unwrap_or(STEPS).min(STEPS)
    }

    /// When its strength is another one.
    fn next_change(&self, now: Duration) -> Duration {
        let end = self.changed + LASTS;
        end.saturating_sub(FADES * u32::from(self.strength(now).saturating_sub(1)) / u32::from(STEPS))
    }
}

/// All marks, in the order in which they lie over each other.
#[derive(Debug, Default)]
pub struct Board {
    marks: VecDeque<Mark>,
    revision: u64,
}

impl Board {
    /// Takes in what the operator did.
    pub fn apply(&mut self, event: &MarkEvent, now: Duration) {
        self.marks.retain(|mark| mark.strength(now) != 0);
        self.revision += 1;
        match event {
            MarkEvent::Put { id, colour, figure } => {
                self.erase(*id);
                if self.marks.len() == MAX_MARKS {
                    self.marks.pop_front();
                }
                let (id, colour, revision) = (*id, *colour, self.revision);
                self.marks.push_back(Mark { id, revision, colour, figure: bounded(figure), changed: now });
            }
            MarkEvent::Extend { id, places } => {
                let Some(mark) = self.marks.iter_mut().find(|mark| mark.id == *id) else { return };
                // Who goes on with what is no line means nothing.
                let Figure::Freehand(line) = &mut mark.figure else { return };
                line.extend_from_slice(places);
                line.drain(..line.len().saturating_sub(MAX_LINE));
                (mark.changed, mark.revision) = (now, self.revision);
            }
            MarkEvent::Erase(id) => self.erase(*id),
            MarkEvent::Clear => self.clear(),
        }
    }

    /// Takes everything away: also for the sharer's own program, whenever pointing ends or rests.
    pub fn clear(&mut self) {
        self.marks.clear();
    }

    /// What is to be drawn, from the lowest to the uppermost.
    pub fn shown(&self, now: Duration) -> impl Iterator<Item = Shown<'_>> {
        let shown = self.marks.iter().map(move |mark| Shown {
            id: mark.id,
            revision: mark.revision,
            colour: mark.colour,
            figure: &mark.figure,
            strength: mark.strength(now),
        });
        shown.filter(|shown| shown.strength != 0)
    }

    /// When time alone changes what is to be drawn; `None` if nothing is there.
    #[must_use]
    pub fn next_change(&self, now: Duration) -> Option<Duration> {
        let alive = self.marks.iter().filter(|mark| mark.strength(now) != 0);
        alive.map(|mark| mark.next_change(now)).min()
    }

    fn erase(&mut self, id: MarkId) {
        self.marks.retain(|mark| mark.id != id);
    }
}

/// A figure within the limits, with a text that is only what it looks like.
fn bounded(figure: &Figure) -> Figure {
    match figure {
        Figure::Freehand(line) => Figure::Freehand(line[line.len().saturating_sub(MAX_LINE)..].to_vec()),
        Figure::Text { at, text } => Figure::Text { at: *at, text: clean(text) },
        Figure::Pointer(Place { .. }) | Figure::Arrow { .. } | Figure::Rectangle { .. } => figure.clone(),
    }
}

/// The text without what steers, hides or turns round other characters, cut to its greatest length.
fn clean(text: &str) -> String {
    let blanks = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    blanks.filter(|c| !c.is_control() && !is_invisible(*c)).take(MAX_LETTERS).collect()
}

/// Characters of Unicode's category Cf and others that show nothing by themselves.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Place = Place { x: 3, y: 4 };

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn put(id: u32, figure: Figure) -> MarkEvent {
        MarkEvent::Put { id: MarkId(id), colour: Colour::Red, figure }
    }

    fn ids(board: &Board, now: Duration) -> Vec<u32> {
        board.shown(now).map(|shown| shown.id.0).collect()
    }

    #[test]
    fn a_mark_stays_fades_and_is_gone() {
        let mut board = Board::default();
        board.apply(&put(1, Figure::Pointer(AT)), ms(1000));
        let strength = |at| board.shown(ms(at)).next().map(|shown| shown.strength);
        assert_eq!(strength(1000), Some(STEPS));
        assert_eq!(board.next_change(ms(1000)), Some(ms(7000 - 560)));
        assert_eq!(strength(7000 - 561), Some(STEPS));
        assert_eq!(strength(7000 - 560), Some(STEPS - 1));
        assert_eq!(strength(6999), Some(1));
        assert_eq!((strength(7000), board.next_change(ms(7000))), (None, None));
        // Every change is announced, one after the other, and then there is none.
        let (mut now, mut seen) = (ms(1000), Vec::new());
        while let Some(next) = board.next_change(now) {
            assert!(now < next, "{now:?} {next:?}");
            now = next;
            seen.push(board.shown(now).next().map_or(0, |shown| shown.strength));
        }
        assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn what_changes_stays_longer_and_has_another_revision() {
        let mut board = Board::default();
        board.apply(&put(1, Figure::Freehand(vec![AT])), ms(0));
        let first = board.shown(ms(0)).next().unwrap().revision;
        board.apply(&MarkEvent::Extend { id: MarkId(1), places: vec![AT; 2] }, ms(5000));
        let shown = board.shown(ms(10_000)).next().unwrap();
        assert_eq!((shown.strength, shown.figure), (STEPS, &Figure::Freehand(vec![AT; 3])));
        assert_ne!(shown.revision, first);
        board.apply(&put(1, Figure::Pointer(AT)), ms(10_000));
        assert_eq!(ids(&board, ms(10_000)), [1], "put again, it is the same mark");
    }

    #[test]
    fn erasing_and_clearing_take_away() {
        let mut board = Board::default();
        for id in 1..=3 {
            board.apply(&put(id, Figure::Pointer(AT)), ms(0));
        }
        board.apply(&MarkEvent::Erase(MarkId(2)), ms(1));
        assert_eq!(ids(&board, ms(1)), [1, 3]);
        board.apply(&MarkEvent::Clear, ms(2));
        assert_eq!(board.next_change(ms(2)), None);
        board.apply(&MarkEvent::Extend { id: MarkId(3), places: vec![AT] }, ms(3));
        assert!(ids(&board, ms(3)).is_empty(), "what was erased does not come back");
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut board = Board::default();
        for id in 0..1000 {
            board.apply(&put(id, Figure::Pointer(AT)), ms(0));
        }
        assert_eq!(ids(&board, ms(0)), (968..1000).collect::<Vec<_>>());
        board.apply(&put(7, Figure::Freehand(vec![AT])), ms(0));
        for x in 0..1000 {
            board.apply(&MarkEvent::Extend { id: MarkId(7), places: vec![Place { x, y: 0 }; 64] }, ms(0));
        }
        let line = board.shown(ms(0)).find_map(|shown| match shown.figure {
            Figure::Freehand(line) => Some(line.clone()),
            _ => None,
        });
        let line = line.unwrap();
        assert_eq!((line.len(), line[MAX_LINE - 1].x), (MAX_LINE, 999));
    }

    #[test]
    fn a_text_is_only_what_it_looks_like() {
        assert_eq!(clean("Click\there\u{202e}!\u{200b}\u{feff}"), "Click here!");
        assert_eq!(clean("line\u{2028}break\u{7}"), "line break");
        assert_eq!(clean("żółć — мир 1€"), "żółć — мир 1€");
        assert_eq!(clean(&"x".repeat(1000)).len(), MAX_LETTERS);
    }
}
