//! The picture composed of the windows that are shown, each from its own memory. Nothing else is ever read:
//! not the screen, on which hidden windows are, and not their memory.

mod easel;
mod paint;
mod plan;
mod source;

use std::collections::BTreeMap;

use deskside_codec::Rect;
use deskside_session::Scope;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::composite::{ConnectionExt as _, Redirect};
use x11rb::protocol::damage::ConnectionExt as _;
use x11rb::protocol::xfixes::{ConnectionExt as _, Region as ServerRegion};
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

pub(super) use easel::{place, places};
pub(super) use paint::pattern;

use self::easel::Easel;
use self::paint::Tile;
use self::plan::{Layer, Look, Plan};
use self::source::Source;
use super::region::{Place, Region};
use super::segment::{BYTES_PER_PIXEL, Segment};
use super::windows::{Kind, Owner, Processes, TopLevel, Windows, allows};
use crate::PlatformError;

/// A background picture with more pixels is not shown.
const MAX_BACKGROUND: u64 = 64 << 20;

#[derive(Debug)]
pub(super) struct Composer {
    root: Window,
    scope: Scope,
    area: Rect,
    windows: Windows,
    sources: BTreeMap<Window, Source>,
    plan: Plan,
    is_plan_stale: bool,
    /// What looks different and has not been told, in pixels of the root.
    untold: Region,
    scratch: ServerRegion,
    background: Option<Tile>,
    is_background_known: bool,
}

impl Composer {
    /// Begins: from now on windows have memory of their own, beside any compositor that runs.
    pub(super) fn new(
        connection: &RustConnection,
        root: Window,
        processes: Processes,
        scope: Scope,
        area: Rect,
    ) -> Result<Self, PlatformError> {
        connection.composite_query_version(0, 4)?.reply()?;
        let windows = Windows::new(connection, root, processes)?;
        connection.composite_redirect_subwindows(root, Redirect::AUTOMATIC)?.check()?;
        let scratch = connection.generate_id()?;
        connection.xfixes_create_region(scratch, &[])?.check()?;
        Ok(Self {
            root,
            scope,
            area,
            windows,
            sources: BTreeMap::new(),
            plan: Plan::default(),
            is_plan_stale: true,
            untold: Region::default(),
            scratch,
            background: None,
            is_background_known: false,
        })
    }

    /// Leaves everything as it was.
    pub(super) fn end(mut self, connection: &RustConnection, root: Window) -> Result<(), PlatformError> {
        for (_, source) in std::mem::take(&mut self.sources) {
            source.end(connection)?;
        }
        self.windows.end(connection)?;
        connection.xfixes_destroy_region(self.scratch)?.ignore_error();
        Ok(connection.composite_unredirect_subwindows(root, Redirect::AUTOMATIC)?.check()?)
    }

    /// The picture is of another part of the root, and all of it is to be told.
    pub(super) fn set_area(&mut self, area: Rect) {
        self.area = area;
        self.plan = Plan::default();
        self.is_plan_stale = true;
    }

    /// Takes in an event; whether there may be something to tell now.
    pub(super) fn happened(&mut self, event: &Event) -> bool {
        // Another program's word that something was painted.
        if event.sent_event() {
            return false;
        }
        if let Event::PropertyNotify(event) = event
            && event.window == self.root
            && event.atom == self.windows.atoms._XROOTPMAP_ID
        {
            self.is_background_known = false;
            self.untold = self.untold.union(&self.plan.background);
            return true;
        }
        if let Event::DamageNotify(event) = event {
            if let Some(source) = self.sources.get_mut(&event.drawable) {
                source.painted(event);
            }
            return true;
        }
        let is_structure = self.windows.happened(event);
        self.is_plan_stale |= is_structure;
        is_structure
    }

    /// Whether what is known of the windows does not hold any more.
    pub(super) fn is_stale(&self) -> bool {
        self.is_plan_stale || self.windows.is_stale()
    }

    /// What looks different since the last time, in pixels of the root.
    pub(super) fn look(&mut self, connection: &RustConnection) -> Result<Region, PlatformError> {
        self.refresh(connection)?;
        self.replan();
        let mut asked = Vec::new();
        for (window, source) in &mut self.sources {
            if std::mem::take(&mut source.has_changed) {
                // Subtracting first: what is painted from here on makes an event of its own.
                connection.damage_subtract(source.changes, x11rb::NONE, self.scratch)?.ignore_error();
                asked.push((*window, source.border, connection.xfixes_fetch_region(self.scratch)?));
            }
        }
        for (window, border, cookie) in asked {
            let painted: Region = cookie.reply()?.rectangles.into_iter().map(Place::from).collect();
            if let Some(part) = self.plan.parts.iter().find(|part| part.window == window) {
                let painted = painted.translate(part.origin.0 + border, part.origin.1 + border);
                self.untold = self.untold.union(&painted.intersect(&part.region));
            }
        }
        Ok(std::mem::take(&mut self.untold))
    }

    /// Asks what has changed about the windows, which takes a while: not while the server is held.
    pub(super) fn refresh(&mut self, connection: &RustConnection) -> Result<(), PlatformError> {
        if self.windows.is_stale() {
            self.windows.refresh(connection)?;
            self.is_plan_stale = true;
        }
        Ok(())
    }

    /// Paints a region of the root into the frame. The server must be held, its children of the root in this
    /// order, and all events that came before be taken in. A window of which something is not known is hidden.
    pub(super) fn compose(
        &mut self,
        connection: &RustConnection,
        segment: &Segment,
        frame: &mut [u8],
        region: &Region,
        order: &[Window],
    ) -> Result<(), PlatformError> {
        self.windows.set_order(order);
        self.is_plan_stale = true;
        self.replan();
        self.follow(connection)?;
        let mut easel = Easel::new(connection, segment, frame, self.area);
        easel.pattern(&self.plan.pattern.intersect(region));
        let background = self.plan.background.intersect(region);
        match &self.background {
            Some(tile) => easel.tile(&background, tile),
            None => easel.pattern(&background),
        }
        for part in &self.plan.parts {
            let wanted = part.region.intersect(region);
            let Some(source) = self.sources.get(&part.window).filter(|_| !wanted.is_empty()) else {
                continue;
            };
            let unpainted = source.unpainted(part.origin);
            easel.window(
                &wanted.subtract(&unpainted),
                (part.window, source.pixmap),
                part.origin,
                part.blends,
            )?;
            easel.pattern(&wanted.intersect(&unpainted));
        }
        for window in easel.finish()? {
            if let Some(source) = self.sources.get_mut(&window) {
                source.forget_memory(connection)?;
            }
            if let Some(part) = self.plan.parts.iter().find(|part| part.window == window) {
                self.untold = self.untold.union(&part.region);
            }
        }
        Ok(())
    }

    /// Whether a window that is in the way was not looked at yet since it changed.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.windows.is_in_doubt()
    }

    /// Whether the pointer may be told of there, as far as the windows are known.
    pub(super) fn shows(&self, x: i32, y: i32) -> bool {
        self.plan.shows(x, y)
    }

    fn replan(&mut self) {
        if !std::mem::take(&mut self.is_plan_stale) {
            return;
        }
        let layers = self.windows.stacked().rev().filter_map(|(window, top)| {
            let geometry = top.geometry?;
            let look = look(&self.scope, top)?;
            let origin = (geometry.x, geometry.y);
            Some(Layer { window, born: top.born, look, origin, outline: top.outline() })
        });
        let plan = Plan::new(&Region::of(place(self.area)), layers, self.scope.desktop);
        self.untold = self.untold.union(&plan.changed(&self.plan));
        self.plan = plan;
    }

    /// Begins with windows that are newly shown, leaves those that are not any more.
    fn follow(&mut self, connection: &RustConnection) -> Result<(), PlatformError> {
        let is_planned = |window: &Window| self.plan.parts.iter().any(|part| part.window == *window);
        let is_there = |(window, source): &(&Window, &Source)| {
            is_planned(window) && self.windows.top_level(**window).is_some_and(|top| source.is_of(top))
        };
        let gone = self.sources.iter().filter(|this| !is_there(this)).map(|(window, _)| *window);
        let gone: Vec<Window> = gone.collect();
        for source in gone.iter().filter_map(|window| self.sources.remove(window)) {
            source.end(connection)?;
        }
        let now = self.windows.touched();
        for part in &self.plan.parts {
            let Some(top) = self.windows.top_level(part.window) else { continue };
            if let Some(source) = self.sources.get_mut(&part.window) {
                source.follow(connection, top, now)?;
            } else {
                self.sources.insert(part.window, Source::new(connection, part.window, top, now)?);
            }
        }
        Ok(())
    }

    /// Reads the background picture, if it may be shown and is not known; not while the server is held.
    pub(super) fn read_background(
        &mut self,
        connection: &RustConnection,
        segment: &Segment,
    ) -> Result<(), PlatformError> {
        if std::mem::replace(&mut self.is_background_known, true) || !self.scope.desktop {
            return Ok(());
        }
        self.background = None;
        let (name, kind) = (self.windows.atoms._XROOTPMAP_ID, AtomEnum::PIXMAP);
        let property = connection.get_property(false, self.root, name, kind, 0, 1)?.reply()?;
        let Some(pixmap) = property.value32().and_then(|mut values| values.next()) else { return Ok(()) };
        // A window's memory, and the root's above all, is whatever is on the screen.
        if connection.get_window_attributes(pixmap)?.reply().is_ok() {
            return Ok(());
        }
        // Whoever sets a background mostly ends at once; a program that lives and is hidden shows nothing.
        if let Some(maker) = self.windows.process(connection, pixmap)? {
            let maker = Owner::Applications([maker].into());
            if !allows(&self.scope, &maker, Kind::Desktop) {
                return Ok(());
            }
        }
        let Ok(geometry) = connection.get_geometry(pixmap)?.reply() else { return Ok(()) };
        let (width, height) = (u32::from(geometry.width), u32::from(geometry.height));
        let is_too_large = MAX_BACKGROUND < u64::from(width) * u64::from(height);
        if geometry.root != self.root || !matches!(geometry.depth, 24 | 32) || is_too_large {
            return Ok(());
        }
        let stride = width as usize * BYTES_PER_PIXEL;
        let rows = u32::try_from(segment.room() / stride).unwrap_or(u32::MAX).min(height).max(1);
        let mut pixels = Vec::with_capacity(stride * height as usize);
        for y in (0..height).step_by(rows as usize) {
            let piece = Rect::new(0, y, width, rows.min(height - y));
            if segment.room() < stride || segment.ask(connection, pixmap, piece, 0)?.reply().is_err() {
                return Ok(());
            }
            pixels.extend_from_slice(segment.pixels(0, stride * piece.height as usize));
        }
        self.background = Some(Tile { width, height, pixels });
        Ok(())
    }
}

/// How a window looks; `None` if it is as if it were not there.
fn look(scope: &Scope, top: &TopLevel) -> Option<Look> {
    // The operator is to see the own marks; nothing else of this program's is in a composed picture.
    let is_mark = top.is_known && top.owner == Owner::Own && top.kind == Kind::Dragged;
    let is_within = is_mark || top.is_within(scope);
    match top.depth {
        // What this program itself draws on glass over the screen is not to hide the rest of it.
        32 if top.is_known && top.owner == Owner::Own => None,
        24 if is_within => Some(Look::Opaque),
        32 if is_within => Some(Look::Blended),
        _ => Some(Look::Hidden),
    }
}
