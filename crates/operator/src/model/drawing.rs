//! Pointing and drawing on the customer's picture: from what the mouse does to marks.

use std::time::Duration;

use deskside_proto::marks::{Colour, Figure, MAX_MARK_EVENTS, MAX_PLACES, MarkEvent, MarkId, Place};

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
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pointer, Self::Arrow, Self::Rectangle, Self::Pen];
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

    pub(super) fn take(&mut self, tool: Option<Tool>) {
        (self.tool, self.stroke) = (tool, None);
    }

    /// The button went down.
    pub(super) fn begin(&mut self, (x, y): (u16, u16), now: Duration) -> Vec<MarkEvent> {
        if self.tool.is_none() {
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

    #[test]
    fn without_a_tool_nothing_is_drawn() {
        let mut drawing = Drawing::default();
        assert_eq!(drawing.begin((1, 1), ms(0)), []);
        assert_eq!(drawing.moved((2, 2), ms(100)), []);
        assert_eq!(drawing.end(ms(200)), []);
    }
}
