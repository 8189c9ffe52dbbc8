//! Pointing and drawing on the customer's picture: from what the mouse does to marks.

use std::ops::Range;
use std::time::Duration;

use deskside_platform::marks::MAX_LETTERS;
use deskside_proto::marks::{
    Colour, Figure, MAX_MARK_EVENTS, MAX_MARK_TEXT, MAX_PLACES, MarkEvent, MarkId, Place,
};

/// A drag or line is sent at most this often.
const EVERY: Duration = Duration::from_millis(33);

/// What the mouse draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// A ring that follows the mouse while the button is down.
    Pointer,
    /// From where the button went down to where it came up.
    Arrow,
    /// With these two as corners.
    Rectangle,
    /// Wherever the mouse went.
    Pen,
    /// What was typed, where the button came up.
    Words,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pointer, Self::Arrow, Self::Rectangle, Self::Pen, Self::Words];
}

/// One line of words, all of which the customer's screen shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    text: String,
    is_cut: bool,
}

impl Words {
    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the last change was too long, so that a part of it is not there.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Puts as much of a text as fits before the byte `at`, where a character begins. Blanks of any kind become
    /// blanks of this line, other control characters are left out. Says how many characters were put.
    pub fn insert(&mut self, text: &str, at: usize) -> usize {
        let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
        let (mut bytes, mut letters) = (self.text.len(), self.text.chars().count());
        let (mut put, mut count) = (String::new(), 0);
        self.is_cut = false;
        for character in text.chars().map(blank).filter(|c| !c.is_control()) {
            (bytes, letters) = (bytes + character.len_utf8(), letters + 1);
            // The protocol takes so many bytes, the customer's program shows so many letters.
            if MAX_MARK_TEXT < bytes || MAX_LETTERS < letters {
                self.is_cut = true;
                break;
            }
            put.push(character);
            count += 1;
        }
        self.text.insert_str(at, &put);
        count
    }

    /// Takes these bytes out.
    pub fn remove(&mut self, bytes: Range<usize>) {
        self.text.replace_range(bytes, "");
        self.is_cut = false;
    }

    /// Whether there is nothing to be read.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// A mark that is being drawn.
#[derive(Debug)]
struct Stroke {
    id: MarkId,
    from: Place,
    to: Place,
    /// Places of a line that were not sent yet.
    unsent: Vec<Place>,
    is_begun: bool,
    sent: Duration,
}

/// The operator's pencil case.
#[derive(Debug, Default)]
pub struct Drawing {
    /// What the mouse draws; `None` when it does not.
    pub tool: Option<Tool>,
    colour: Option<Colour>,
    words: Words,
    lacks_words: bool,
    last: u32,
    stroke: Option<Stroke>,
}

impl Drawing {
    /// What is drawn in.
    #[must_use]
    pub fn colour(&self) -> Colour {
        self.colour.unwrap_or(Colour::Red)
    }

    pub(super) fn set_colour(&mut self, colour: Colour) {
        self.colour = Some(colour);
    }

    /// What [`Tool::Words`] puts, as often as it is wanted.
    #[must_use]
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Whether somebody wanted to put words before there were any.
    #[must_use]
    pub fn lacks_words(&self) -> bool {
        self.lacks_words
    }

    pub(super) fn set_words(&mut self, words: Words) {
        self.lacks_words = false;
        self.words = words;
    }

    pub(super) fn take(&mut self, tool: Option<Tool>) {
        (self.tool, self.stroke, self.lacks_words) = (tool, None, false);
    }

    /// The button went down.
    pub(super) fn begin(&mut self, (x, y): (u16, u16), now: Duration) -> Vec<MarkEvent> {
        self.lacks_words = self.tool == Some(Tool::Words) && self.words.is_blank();
        if self.tool.is_none() || self.lacks_words {
            return Vec::new();
        }
        self.last += 1;
        let place = Place { x, y };
        self.stroke = Some(Stroke {
            id: MarkId(self.last),
            from: place,
            to: place,
            unsent: vec![place],
            is_begun: false,
            sent: now,
        });
        self.send(now)
    }

    /// The mouse moved.
    pub(super) fn moved(&mut self, (x, y): (u16, u16), now: Duration) -> Vec<MarkEvent> {
        let Some(stroke) = &mut self.stroke else { return Vec::new() };
        stroke.to = Place { x, y };
        stroke.unsent.push(stroke.to);
        let is_due = stroke.sent + EVERY <= now || stroke.unsent.len() >= MAX_PLACES;
        if is_due { self.send(now) } else { Vec::new() }
    }

    /// The button came up.
    pub(super) fn end(&mut self, now: Duration) -> Vec<MarkEvent> {
        let last = self.send(now);
        self.stroke = None;
        last
    }

    fn send(&mut self, now: Duration) -> Vec<MarkEvent> {
        let colour = self.colour();
        let (Some(tool), Some(stroke)) = (self.tool, &mut self.stroke) else { return Vec::new() };
        let Stroke { id, from, to, .. } = *stroke;
        stroke.sent = now;
        let put = |figure| vec![MarkEvent::Put { id, colour, figure }];
        match tool {
            Tool::Pointer => put(Figure::Pointer(to)),
            // A point is no arrow and no rectangle yet.
            Tool::Arrow | Tool::Rectangle if from == to => Vec::new(),
            Tool::Arrow => put(Figure::Arrow { from, to }),
            Tool::Rectangle => put(Figure::Rectangle { from, to }),
            Tool::Words => put(Figure::Text { at: to, text: self.words.text.trim().to_owned() }),
            Tool::Pen => {
                let places = std::mem::take(&mut stroke.unsent);
                let mut parts = places.chunks(MAX_PLACES).map(<[Place]>::to_vec);
                let first = (!stroke.is_begun).then(|| parts.next()).flatten();
                stroke.is_begun = true;
                let first =
                    first.map(|places| MarkEvent::Put { id, colour, figure: Figure::Freehand(places) });
                let more = parts.map(|places| MarkEvent::Extend { id, places });
                first.into_iter().chain(more).take(MAX_MARK_EVENTS).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn drawing(tool: Tool) -> Drawing {
        Drawing { tool: Some(tool), ..Drawing::default() }
    }

    /// Row W4: an arrow from where the button went down to where it came up.
    #[test]
    fn an_arrow_grows_and_stays() {
        let mut drawing = drawing(Tool::Arrow);
        assert_eq!(drawing.begin((10, 10), ms(0)), []);
        assert_eq!(drawing.moved((20, 10), ms(5)), [], "not so often");
        let arrow = |x| MarkEvent::Put {
            id: MarkId(1),
            colour: Colour::Red,
            figure: Figure::Arrow { from: Place { x: 10, y: 10 }, to: Place { x, y: 10 } },
        };
        assert_eq!(drawing.moved((30, 10), ms(40)), [arrow(30)]);
        drawing.moved((40, 10), ms(50));
        assert_eq!(drawing.end(ms(60)), [arrow(40)]);
        assert_eq!(drawing.moved((50, 10), ms(100)), [], "the button is up");
    }

    #[test]
    fn a_line_loses_no_place_and_fits_its_messages() {
        let mut drawing = drawing(Tool::Pen);
        let mut events = drawing.begin((0, 0), ms(0));
        for x in 1..500 {
            events.extend(drawing.moved((x, 0), ms(u64::from(x))));
        }
        events.extend(drawing.end(ms(500)));
        let places: Vec<u16> = events
            .iter()
            .flat_map(|event| match event {
                MarkEvent::Put { figure: Figure::Freehand(places), .. }
                | MarkEvent::Extend { places, .. } => {
                    assert!(places.len() <= MAX_PLACES);
                    places.clone()
                }
                other => panic!("{other:?}"),
            })
            .map(|place| place.x)
            .collect();
        assert_eq!(places, (0..500).collect::<Vec<u16>>());
        assert!(events.len() < 30, "{} messages", events.len());
    }

    fn words(text: &str) -> Words {
        let mut words = Words::default();
        words.insert(text, 0);
        words
    }

    #[test]
    fn words_are_put_where_the_button_comes_up_and_again() {
        let mut drawing = drawing(Tool::Words);
        drawing.set_words(words("Click here "));
        let put = |id, x, y| {
            let figure = Figure::Text { at: Place { x, y }, text: "Click here".to_owned() };
            [MarkEvent::Put { id: MarkId(id), colour: Colour::Red, figure }]
        };
        assert_eq!(drawing.begin((10, 10), ms(0)), put(1, 10, 10), "at once");
        assert_eq!(drawing.moved((20, 10), ms(5)), [], "not so often");
        assert_eq!(drawing.moved((30, 10), ms(40)), put(1, 30, 10), "the same mark moves");
        assert_eq!(drawing.moved((40, 20), ms(50)), []);
        assert_eq!(drawing.end(ms(60)), put(1, 40, 20));
        assert_eq!(drawing.begin((90, 90), ms(500)), put(2, 90, 90), "the words are still there");
    }

    #[test]
    fn without_words_a_click_puts_nothing_and_says_so() {
        let mut drawing = drawing(Tool::Words);
        drawing.set_words(words("  "));
        assert!(!drawing.lacks_words(), "nobody has clicked");
        assert_eq!(drawing.begin((10, 10), ms(0)), []);
        assert_eq!(drawing.moved((90, 10), ms(90)), []);
        assert_eq!(drawing.end(ms(100)), []);
        assert!(drawing.lacks_words());
        drawing.set_words(words("a"));
        assert!(!drawing.lacks_words());
        drawing.set_words(Words::default());
        drawing.begin((10, 10), ms(200));
        drawing.take(Some(Tool::Arrow));
        assert!(!drawing.lacks_words());
    }

    #[test]
    fn words_are_one_line_that_the_customers_screen_shows_whole() {
        let mut line = words("a\tb\nc\u{7}d\u{9b}e");
        assert_eq!((line.as_str(), line.is_cut()), ("a b cde", false));
        assert_eq!(line.insert("\u{1b}[é", 1), 2);
        assert_eq!(line.as_str(), "a[é b cde");
        line.remove(1..4);
        assert_eq!(line.as_str(), "a b cde");
        for (letter, most) in [('x', MAX_LETTERS), ('é', MAX_LETTERS), ('€', MAX_MARK_TEXT / 3)] {
            let mut line = words(&letter.to_string().repeat(most));
            assert!(!line.is_cut());
            assert_eq!(line.insert(&letter.to_string(), 0), 0);
            assert!(line.is_cut(), "{most} of {letter}");
            assert_eq!(line.as_str().chars().count(), most);
            assert!(line.as_str().len() <= MAX_MARK_TEXT);
            line.remove(0..letter.len_utf8());
            assert!(!line.is_cut());
            assert_eq!(line.insert(&letter.to_string().repeat(2), 0), 1, "as much as fits");
            assert!(line.is_cut());
        }
    }

    #[test]
    fn without_a_tool_nothing_is_drawn() {
        let mut drawing = Drawing::default();
        assert_eq!(drawing.begin((1, 1), ms(0)), []);
        assert_eq!(drawing.moved((2, 2), ms(100)), []);
        assert_eq!(drawing.end(ms(200)), []);
    }
}
