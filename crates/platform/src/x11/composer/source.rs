//! One window's own pixels.
//!
//! When the display gives a window memory for its pixels, that memory is not empty: it holds what was on the
//! screen in that place, or what somebody else left there, until the window is painted. So a pixel counts only
//! once something has been painted on it, which DAMAGE tells; and since nobody knows what was painted before it
//! was listened to, the window is asked to paint itself again, as after it was covered.

use x11rb::connection::Connection as _;
use x11rb::errors::ReplyOrIdError;
use x11rb::protocol::composite::ConnectionExt as _;
use x11rb::protocol::damage::{ConnectionExt as _, Damage, NotifyEvent, ReportLevel};
use x11rb::protocol::xproto::{ConnectionExt as _, Pixmap, Window};
use x11rb::rust_connection::RustConnection;

use crate::x11::region::{Place, Region};
use crate::x11::windows::TopLevel;

/// What is painted, one by one, until everything has been.
#[derive(Debug)]
struct Strokes {
    damage: Damage,
    /// Number of the request that began it, whose own event says only how large the window is.
    begun_by: u16,
    /// What DAMAGE has told of. The server also tells of what was merely uncovered or moved, so this counts
    /// only if no window was touched since it was asked for.
    told: Region,
    /// When it was asked for, as the directory counts.
    since: u64,
}

/// A top-level window that is shown.
#[derive(Debug)]
pub(super) struct Source {
    window: Window,
    /// The display gives the number of a window that is gone to another one.
    born: u64,
    /// Its memory, which stays what it is even if the window gets other memory or goes away.
    pub(super) pixmap: Pixmap,
    /// Which memory of the window that is, as the directory counts.
    storage: u64,
    moved_within: u64,
    pub(super) border: i32,
    /// What has not been painted yet, from the window's inner upper left corner.
    unpainted: Region,
    strokes: Option<Strokes>,
    pub(super) changes: Damage,
    pub(super) has_changed: bool,
}

impl Source {
    /// Begins to show a window. The server must be held, and the directory be up to date.
    pub(super) fn new(
        connection: &RustConnection,
        window: Window,
        top: &TopLevel,
        now: u64,
    ) -> Result<Self, ReplyOrIdError> {
        let changes = connection.generate_id()?;
        connection.damage_create(changes, window, ReportLevel::NON_EMPTY)?.ignore_error();
        // All of it is new at first, and the caller knows.
        connection.damage_subtract(changes, x11rb::NONE, x11rb::NONE)?.ignore_error();
        let mut source = Self {
            window,
            born: top.born,
            pixmap: x11rb::NONE,
            storage: 0,
            moved_within: 0,
            border: 0,
            unpainted: Region::default(),
            strokes: None,
            changes,
            has_changed: false,
        };
        source.begin(connection, top, now)?;
        Ok(source)
    }

    /// Whether this is the window, and not one before it with the same number.
    pub(super) fn is_of(&self, top: &TopLevel) -> bool {
        self.born == top.born
    }

    /// Follows the window to its present memory, and to what is painted in it. The server must be held, and
    /// the directory be up to date; `now` is its count of what was done to windows.
    pub(super) fn follow(
        &mut self,
        connection: &RustConnection,
        top: &TopLevel,
        now: u64,
    ) -> Result<(), ReplyOrIdError> {
        // What is not painted may have been moved over what is.
        let is_mixed = !self.unpainted.is_empty() && self.moved_within != top.moved_within;
        self.moved_within = top.moved_within;
        if self.storage != top.storage || is_mixed || self.pixmap == x11rb::NONE {
            return self.begin(connection, top, now);
        }
        let Some(strokes) = &mut self.strokes else { return Ok(()) };
        let told = std::mem::take(&mut strokes.told);
        if std::mem::replace(&mut strokes.since, now) == now {
            self.unpainted = self.unpainted.subtract(&told);
        } else {
            ask_to_paint(connection, top)?;
        }
        if self.unpainted.is_empty() {
            self.end_strokes(connection)?;
        }
        Ok(())
    }

    fn begin(&mut self, connection: &RustConnection, top: &TopLevel, now: u64) -> Result<(), ReplyOrIdError> {
        self.forget_memory(connection)?;
        self.end_strokes(connection)?;
        self.pixmap = connection.generate_id()?;
        connection.composite_name_window_pixmap(self.window, self.pixmap)?.ignore_error();
        (self.storage, self.moved_within) = (top.storage, top.moved_within);
        let Some(geometry) = top.geometry else { return Ok(()) };
        self.border = i32::try_from(geometry.border).unwrap_or(0);
        let inside = Place { x: 0, y: 0, width: geometry.width, height: geometry.height };
        // Borders are the server's to paint, and it does so at once.
        let borders = top.inner.iter().map(|inner| &inner.edge);
        self.unpainted = borders.fold(Region::of(inside), |left, edge| left.subtract(edge));
        if let Some(shape) = &top.shape {
            self.unpainted = self.unpainted.intersect(shape);
        }

        let damage = connection.generate_id()?;
        let begun = connection.damage_create(damage, self.window, ReportLevel::RAW_RECTANGLES)?;
        let begun_by = (begun.sequence_number() & u64::from(u16::MAX)) as u16;
        begun.ignore_error();
        self.strokes = Some(Strokes { damage, begun_by, told: Region::default(), since: now });
        ask_to_paint(connection, top)
    }

    /// Takes in that something was painted, or may have been.
    pub(super) fn painted(&mut self, event: &NotifyEvent) {
        if event.damage == self.changes {
            self.has_changed = true;
        }
        if let Some(strokes) = &mut self.strokes
            && strokes.damage == event.damage
            && strokes.begun_by != event.sequence
        {
            strokes.told = strokes.told.union(&Region::of(event.area.into()));
        }
    }

    /// What has not been painted, in pixels of the root for a window whose outer corner is there.
    pub(super) fn unpainted(&self, (x, y): (i32, i32)) -> Region {
        self.unpainted.clone().translate(x + self.border, y + self.border)
    }

    /// The memory could not be read: it is asked for anew.
    pub(super) fn forget_memory(&mut self, connection: &RustConnection) -> Result<(), ReplyOrIdError> {
        if self.pixmap != x11rb::NONE {
            connection.free_pixmap(std::mem::replace(&mut self.pixmap, x11rb::NONE))?.ignore_error();
        }
        Ok(())
    }

    fn end_strokes(&mut self, connection: &RustConnection) -> Result<(), ReplyOrIdError> {
        if let Some(strokes) = self.strokes.take() {
            connection.damage_destroy(strokes.damage)?.ignore_error();
        }
        Ok(())
    }

    /// Leaves the window as it was.
    pub(super) fn end(mut self, connection: &RustConnection) -> Result<(), ReplyOrIdError> {
        self.end_strokes(connection)?;
        self.forget_memory(connection)?;
        // If the window is gone, so is this.
        connection.damage_destroy(self.changes)?.ignore_error();
        Ok(())
    }
}

/// As after the window was covered. Where the server paints a background it does so now.
fn ask_to_paint(connection: &RustConnection, top: &TopLevel) -> Result<(), ReplyOrIdError> {
    for inner in top.inner.iter().filter(|inner| inner.draws) {
        connection.clear_area(true, inner.window, 0, 0, 0, 0)?.ignore_error();
    }
    Ok(())
}
