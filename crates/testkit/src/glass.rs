//! From glass to glass: how long a change on the customer's display takes to the operator's display, and
//! where on the latter the former is shown. Products are black boxes here: only pixels are looked at.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    ChangeGCAux, ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, CreateGCAux,
    CreateWindowAux, Gcontext, Rectangle, StackMode, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use crate::display::{Display, Looker};
use crate::picture::{Picture, Rect};
use crate::wait::wait_for;

/// Side of a marker, in pixels: large enough to keep a pure middle when a picture is scaled down or coded
/// with losses.
pub const MARKER: u32 = 32;
/// Colours that a marker goes through: corners of the colour cube, which any coding keeps apart.
const CORNERS: [u32; 6] = [0xff_00_00, 0x00_ff_00, 0x00_00_ff, 0xff_ff_00, 0xff_00_ff, 0x00_ff_ff];
/// How long a flip may take to be seen.
const LOST: Duration = Duration::from_secs(3);

/// The corner of the colour cube that a colour is near, or `None` between them.
#[must_use]
pub fn corner(colour: u32) -> Option<u32> {
    colour.to_be_bytes()[1..].iter().try_fold(0, |corner, channel| match channel {
        0..=79 => Some(corner << 8),
        176..=255 => Some(corner << 8 | 0xff),
        _ => None,
    })
}

/// A square of one colour above everything else on a display; gone when dropped.
#[derive(Debug)]
pub struct Marker {
    connection: RustConnection,
    window: Window,
    brush: Gcontext,
    side: u16,
}

impl Marker {
    /// Shows one with its upper left corner there.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn show(display: &Display, x: u32, y: u32, colour: u32) -> Result<Self> {
        Self::sized(display, (x, y), MARKER, colour)
    }

    /// The same with sides of so many pixels.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn sized(display: &Display, (x, y): (u32, u32), side: u32, colour: u32) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display.name())).context("cannot open the display")?;
        let root = connection.setup().roots.get(screen).context("no such screen")?.root;
        let (window, brush) = (connection.generate_id()?, connection.generate_id()?);
        let side = u16::try_from(side)?;
        // No window manager may move it, frame it or give it the keyboard.
        let looks = CreateWindowAux::new().override_redirect(1).background_pixel(colour);
        let (x, y) = (i16::try_from(x)?, i16::try_from(y)?);
        connection.create_window(
            0,
            window,
            root,
            x,
            y,
            side,
            side,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &looks,
        )?;
        connection.create_gc(brush, window, &CreateGCAux::new())?;
        connection.map_window(window)?;
        let marker = Self { connection, window, brush, side };
        marker.paint(colour)?;
        Ok(marker)
    }

    /// Paints it, and says when the display was told.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn paint(&self, colour: u32) -> Result<Instant> {
        let side = self.side;
        self.connection
            .configure_window(self.window, &ConfigureWindowAux::new().stack_mode(StackMode::ABOVE))?;
        self.connection.change_gc(self.brush, &ChangeGCAux::new().foreground(colour))?;
        // What the server paints itself should it forget the window's content, as when capture begins or ends.
        let ground = ChangeWindowAttributesAux::new().background_pixel(colour);
        self.connection.change_window_attributes(self.window, &ground)?;
        let painted = Rectangle { x: 0, y: 0, width: side, height: side };
        let began = Instant::now();
        self.connection.poly_fill_rectangle(self.window, self.brush, &[painted])?;
        // A request with a reply: once it is answered the server has done what came before.
        self.connection.get_input_focus()?.reply()?;
        Ok(began)
    }
}

/// How often a marker is looked for that seems to move.
const TRIES: usize = 5;

/// Where a viewer shows a display: `shown = origin + scale × there`, in pixels of the viewer's display.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Where the display's upper left corner is shown.
    pub origin: (f64, f64),
    /// Shown pixels for one pixel of the display.
    pub scale: f64,
}

impl View {
    /// Finds it by showing markers in two opposite corners of the display.
    ///
    /// # Errors
    /// When they do not appear on the viewer's display in `deadline`.
    pub fn locate(shown: &Display, viewer: &Display, deadline: Duration) -> Result<Self> {
        let (width, height) = shown.connect()?.size()?;
        let (far_x, far_y) = (width - MARKER, height - MARKER);
        let eye = viewer.connect()?;
        let first = Marker::show(shown, 0, 0, 0)?;
        let second = Marker::show(shown, far_x, far_y, 0)?;
        // Which parts of the viewer's display follow the markers, rather than look like them?
        let seen = |marker: &Marker, colour| {
            marker.paint(colour)?;
            wait_for("the marker in the viewer's picture", deadline, || Ok(square(&eye.picture()?, colour)))
        };
        let place = |marker: &Marker| {
            let mut places = Vec::new();
            // A window that has just got its picture may still find its layout.
            for _ in 0..TRIES {
                let (one, other) = (seen(marker, 0xff_00_ff)?, seen(marker, 0x00_ff_00)?);
                if one == other {
                    marker.paint(0)?;
                    return Ok(one);
                }
                places.extend([one, other]);
            }
            bail!("a marker is shown at {places:?}, one after the other")
        };
        let (a, b) = (place(&first)?, place(&second)?);
        let scale = (b.0 - a.0) / f64::from(far_x);
        Ok(Self { origin: (a.0, a.1), scale })
    }

    /// Where a pixel of the display is shown.
    #[must_use]
    pub fn place(&self, (x, y): (i32, i32)) -> (i32, i32) {
        let place = |origin: f64, at: i32| (origin + self.scale * (f64::from(at) + 0.5)).floor() as i32;
        (place(self.origin.0, x), place(self.origin.1, y))
    }

    /// The whole shown display.
    #[must_use]
    pub fn rect(&self, (width, height): (u32, u32)) -> Rect {
        let length = |side: u32| (f64::from(side) * self.scale).round() as u32;
        let start = |origin: f64| origin.round().max(0.0) as u32;
        Rect {
            x: start(self.origin.0),
            y: start(self.origin.1),
            width: length(width),
            height: length(height),
        }
    }
}

/// Upper left corner of the largest-looking square of one corner colour: the first row with a long run.
fn square(picture: &Picture, colour: u32) -> Option<(f64, f64)> {
    let least = MARKER / 4;
    for y in 0..picture.height() {
        let mut run = 0;
        for x in 0..picture.width() {
            run = if picture.pixel(x, y).and_then(corner) == Some(colour) { run + 1 } else { 0 };
            let last = x + 1 == picture.width() || picture.pixel(x + 1, y).and_then(corner) != Some(colour);
            let side = (y..picture.height())
                .take_while(|below| picture.pixel(x, *below).and_then(corner) == Some(colour))
                .count();
            if last
                && least <= run
                && run <= MARKER * 2
                && u32::try_from(side).is_ok_and(|side| side.abs_diff(run) <= 2)
            {
                return Some((f64::from(x + 1 - run), f64::from(y)));
            }
        }
    }
    None
}

/// How long flips took to be seen, shortest first, and how many never were.
#[derive(Debug, Clone, Default)]
pub struct Latency {
    /// Of those that were seen.
    pub seen: Vec<Duration>,
    /// Those that were not seen in three seconds.
    pub lost: usize,
}

impl Latency {
    /// Flips `marker` so often, about every `pace`, and watches the place of the viewer's display where its
    /// middle is shown.
    ///
    /// # Errors
    /// When a display is gone.
    pub fn measure(
        marker: &Marker,
        eye: &Looker,
        place: (i32, i32),
        flips: usize,
        pace: Duration,
    ) -> Result<Self> {
        Self::watch(marker, eye, place, pace, |flip| flip < flips)
    }

    /// The same for so long.
    ///
    /// # Errors
    /// When a display is gone.
    pub fn measure_for(
        marker: &Marker,
        eye: &Looker,
        place: (i32, i32),
        time: Duration,
        pace: Duration,
    ) -> Result<Self> {
        let began = Instant::now();
        Self::watch(marker, eye, place, pace, |_| began.elapsed() < time)
    }

    fn watch(
        marker: &Marker,
        eye: &Looker,
        place: (i32, i32),
        pace: Duration,
        goes_on: impl Fn(usize) -> bool,
    ) -> Result<Self> {
        let spot = Rect { x: u32::try_from(place.0)?, y: u32::try_from(place.1)?, width: 1, height: 1 };
        let mut latency = Self::default();
        let mut flip = 0;
        while goes_on(flip) {
            let colour = CORNERS[flip % CORNERS.len()];
            let began = marker.paint(colour)?;
            let seen = loop {
                if eye.part(spot)?.pixel(0, 0).and_then(corner) == Some(colour) {
                    break Some(began.elapsed());
                }
                if LOST <= began.elapsed() {
                    break None;
                }
                thread::sleep(Duration::from_millis(1));
            };
            match seen {
                Some(time) => latency.seen.push(time),
                None => latency.lost += 1,
            }
            // Not in step with anything that has a period: 0 to 39 ms on top, another each time.
            let odd = Duration::from_millis(u64::try_from(flip * 17 % 40).unwrap_or(0));
            thread::sleep((pace + odd).saturating_sub(began.elapsed()));
            flip += 1;
        }
        latency.seen.sort_unstable();
        Ok(latency)
    }

    /// The time in which that part (0 to 1) of the flips was seen, in milliseconds; `None` when so many never
    /// were.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let flips = self.seen.len() + self.lost;
        let at = (flips as f64 * part) as usize;
        let time = self.seen.get(at.min(flips.checked_sub(1)?))?;
        Some(time.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_near_a_corner_are_that_corner_and_greys_are_none() {
        assert_eq!(corner(0xf8_07_ee), Some(0xff_00_ff));
        assert_eq!(corner(0x00_00_00), Some(0));
        assert_eq!(corner(0x80_00_00), None);
    }

    #[test]
    fn what_is_never_seen_is_later_than_all_that_is() {
        let seen = (1..=100).map(Duration::from_millis).collect();
        let mut latency = Latency { seen, lost: 0 };
        assert_eq!(latency.quantile(0.5), Some(51.0));
        assert_eq!(latency.quantile(1.0), Some(100.0));
        latency.lost = 10;
        assert_eq!(latency.quantile(0.9), Some(100.0));
        assert_eq!(latency.quantile(0.95), None);
        assert_eq!(Latency::default().quantile(0.5), None);
    }

    #[test]
    fn a_view_maps_pixels_to_where_they_are_shown() {
        let view = View { origin: (10.0, 50.0), scale: 0.5 };
        assert_eq!(view.place((0, 0)), (10, 50));
        assert_eq!(view.place((100, 40)), (60, 70));
        assert_eq!(view.rect((800, 600)), Rect { x: 10, y: 50, width: 400, height: 300 });
    }
}
