//! The pointer, apart from the picture: only while it is over something that is shown.

use deskside_codec::Rect;
use x11rb::cookie::Cookie;
use x11rb::protocol::xfixes::{ConnectionExt as _, GetCursorImageReply};
use x11rb::protocol::xproto::{ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use crate::{CursorImage, PlatformError, ScreenEvent};

/// What the display says of the pointer at one time.
#[derive(Debug)]
pub(super) struct Look {
    /// On the root.
    at: (i32, i32),
    image: Option<GetCursorImageReply>,
}

/// What was told of the pointer, and what of that may be old.
#[derive(Debug)]
pub(super) struct Cursor {
    is_shape_stale: bool,
    is_position_stale: bool,
    /// Where it was told to be; `None` if it was told to be hidden.
    told: Option<(u32, u32)>,
    was_told: bool,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { is_shape_stale: true, is_position_stale: true, told: None, was_told: false }
    }
}

impl Cursor {
    pub(super) fn has_other_shape(&mut self) {
        (self.is_shape_stale, self.is_position_stale) = (true, true);
    }

    pub(super) fn may_have_moved(&mut self) {
        self.is_position_stale = true;
    }

    /// The picture is of another place: everything is told again.
    pub(super) fn forget(&mut self) {
        (self.told, self.was_told) = (None, false);
        self.has_other_shape();
    }

    pub(super) fn is_stale(&self) -> bool {
        self.is_position_stale
    }

    /// Asks the display, and says what is new if it is shown there.
    pub(super) fn report(
        &mut self,
        connection: &RustConnection,
        root: Window,
        area: Rect,
        shows: impl Fn(i32, i32) -> bool,
    ) -> Result<Vec<ScreenEvent>, PlatformError> {
        let look = self.look(connection, root)?;
        Ok(self.tell(look, area, shows))
    }

    /// Asks the display in one trip.
    pub(super) fn look(&mut self, connection: &RustConnection, root: Window) -> Result<Look, PlatformError> {
        let pointer = connection.query_pointer(root)?;
        let image = if self.is_shape_stale { Some(connection.xfixes_get_cursor_image()?) } else { None };
        let pointer = pointer.reply()?;
        let image = image.map(Cookie::reply).transpose()?;
        Ok(Look { at: (pointer.root_x.into(), pointer.root_y.into()), image })
    }

    /// Says what is new, if it is shown there.
    pub(super) fn tell(
        &mut self,
        look: Look,
        area: Rect,
        shows: impl Fn(i32, i32) -> bool,
    ) -> Vec<ScreenEvent> {
        let inside = |(x, y): (i32, i32)| {
            let x = u32::try_from(x).ok()?.checked_sub(area.x).filter(|x| *x < area.width)?;
            let y = u32::try_from(y).ok()?.checked_sub(area.y).filter(|y| *y < area.height)?;
            Some((x, y))
        };
        self.is_position_stale = false;
        let Some(at) = inside(look.at).filter(|_| shows(look.at.0, look.at.1)) else {
            // A shape that it takes on meanwhile is nobody's business either.
            self.is_shape_stale = true;
            let is_news = self.told.take().is_some() || !std::mem::replace(&mut self.was_told, true);
            return if is_news { vec![ScreenEvent::CursorHidden] } else { Vec::new() };
        };
        self.was_told = true;
        let mut events = Vec::new();
        if let Some(image) = look.image {
            self.is_shape_stale = false;
            events.push(ScreenEvent::CursorShape(CursorImage {
                width: image.width,
                height: image.height,
                hot_x: image.xhot,
                hot_y: image.yhot,
                pixels: image.cursor_image.iter().flat_map(|pixel| pixel.to_le_bytes()).collect(),
            }));
        }
        if self.told.replace(at) != Some(at) {
            events.push(ScreenEvent::CursorMoved { x: at.0, y: at.1 });
        }
        events
    }
}
