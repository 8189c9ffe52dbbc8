//! The directory of windows: which there are, in which order, and whose.
//!
//! It is kept by events. They come in the order in which things happened, and before the answer to any later
//! question: who holds the server (`GrabServer`), has had an answer, and has taken in all events, knows how it
//! is. What has not been looked at since it changed is nobody's.

mod applications;
mod examine;
mod owner;
mod process;
mod top;

use std::collections::{BTreeMap, BTreeSet};

use deskside_session::ApplicationId;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::shape::ConnectionExt as _;
use x11rb::protocol::xproto::{AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window};
use x11rb::rust_connection::RustConnection;

pub use applications::{Application, Risk};
pub(super) use applications::{clean, list};
pub(crate) use examine::Atoms;
pub(crate) use owner::{Kind, Owner, allows};
pub(crate) use process::Processes;
pub(crate) use top::{Geometry, Inner, TopLevel};

use self::examine::Answer;
use self::owner::{Census, Part, resolve};
use self::process::Seen;
use self::top::{geometry_of, inner};
use crate::PlatformError;

/// The directory, as of the events that it has been told of.
#[derive(Debug)]
pub(crate) struct Windows {
    pub(crate) atoms: Atoms,
    root: Window,
    /// The bits of a name that its client chose.
    name_mask: u32,
    processes: Processes,
    own: Option<ApplicationId>,
    window_manager: Option<ApplicationId>,
    is_window_manager_known: bool,
    /// From the lowest.
    order: Vec<Window>,
    is_order_known: bool,
    tops: BTreeMap<Window, TopLevel>,
    /// How many windows have become top-level ones.
    births: u64,
    /// The top-level window of each window.
    top_of: BTreeMap<Window, Window>,
    touched: u64,
    /// Windows that were once shown on the root as an application's own.
    shown_once: Vec<Window>,
}

impl Windows {
    /// Begins to listen; [`Windows::happened`] must be told of all events, and [`Windows::refresh`] looks.
    /// On this connection nobody else may choose the root's events.
    pub(crate) fn new(
        connection: &RustConnection,
        root: Window,
        processes: Processes,
    ) -> Result<Self, PlatformError> {
        let atoms = Atoms::new(connection)?.reply()?;
        let mask = EventMask::STRUCTURE_NOTIFY | EventMask::SUBSTRUCTURE_NOTIFY | EventMask::PROPERTY_CHANGE;
        let listen = ChangeWindowAttributesAux::new().event_mask(mask);
        connection.change_window_attributes(root, &listen)?.check()?;
        // As the server sees it, which may be another number than the one that this process knows.
        let name = connection.generate_id()?;
        let pid = examine::processes(connection, [name])?.into_values().next();
        // Whoever cannot tell its own windows cannot keep them back.
        let own = pid.and_then(|pid| processes.identify(pid));
        let own =
            own.ok_or(PlatformError::Missing("this program's own number (does it run in a sandbox?)"))?;
        Ok(Self {
            atoms,
            root,
            name_mask: connection.setup().resource_id_mask,
            own: Some(own),
            processes,
            window_manager: None,
            is_window_manager_known: false,
            order: Vec::new(),
            is_order_known: false,
            tops: BTreeMap::new(),
            births: 0,
            top_of: BTreeMap::new(),
            touched: 0,
            shown_once: Vec::new(),
        })
    }

    /// How many times something was done to any top-level window by which others may be covered or uncovered.
    pub(crate) fn touched(&self) -> u64 {
        self.touched
    }

    /// Takes in an event; whether it is about windows.
    pub(crate) fn happened(&mut self, event: &Event) -> bool {
        // Any program can say anything; what the display says itself does not come so.
        if event.sent_event() {
            return false;
        }
        let root = self.root;
        let touches = match event {
            Event::MapNotify(event) => event.event == root,
            Event::UnmapNotify(event) => event.event == root,
            Event::ReparentNotify(event) => event.event == root,
            Event::ConfigureNotify(event) => event.event == root,
            Event::GravityNotify(event) => event.event == root,
            Event::CirculateNotify(event) => event.event == root,
            Event::DestroyNotify(event) => event.event == root,
            Event::ShapeNotify(_) | Event::RandrScreenChangeNotify(_) | Event::RandrNotify(_) => true,
            _ => false,
        };
        self.touched += u64::from(touches);
        match event {
            Event::CreateNotify(event) if event.parent == root => {
                let geometry = Geometry {
                    x: event.x.into(),
                    y: event.y.into(),
                    width: event.width.into(),
                    height: event.height.into(),
                    border: event.border_width.into(),
                };
                self.add(event.window, Some(geometry));
            }
            Event::DestroyNotify(event) if event.event == root => self.remove(event.window),
            Event::ReparentNotify(event) => {
                self.disturb(event.event);
                self.soil(event.event);
                if event.parent == root {
                    self.add(event.window, None);
                } else if event.event == root {
                    self.remove(event.window);
                }
            }
            Event::MapNotify(event) if event.event == root => {
                if !event.override_redirect {
                    self.shown_once.push(event.window);
                }
                if let Some(top) = self.tops.get_mut(&event.window) {
                    (top.is_mapped, top.storage) = (true, top.storage + 1);
                }
            }
            Event::UnmapNotify(event) if event.event == root => {
                if let Some(top) = self.tops.get_mut(&event.window) {
                    top.is_mapped = false;
                }
            }
            Event::ConfigureNotify(event) if event.event == root && event.window != root => {
                self.is_order_known = false;
                if let Some(top) = self.tops.get_mut(&event.window) {
                    top.configure(geometry_of(event));
                }
            }
            Event::GravityNotify(event) if event.event == root => {
                if let Some(geometry) = self.tops.get_mut(&event.window).and_then(|top| top.geometry.as_mut())
                {
                    (geometry.x, geometry.y) = (event.x.into(), event.y.into());
                }
            }
            Event::CirculateNotify(event) if event.event == root => self.is_order_known = false,
            Event::CreateNotify(event) => self.disturb(event.parent),
            Event::DestroyNotify(event) => self.left(event.event, event.window),
            Event::UnmapNotify(event) => self.left(event.event, event.window),
            Event::ConfigureNotify(event) if event.event != event.window => {
                self.moved_within(event.event);
                if event.border_width != 0 {
                    self.disturb(event.event);
                }
            }
            Event::GravityNotify(event) if event.event != event.window => self.moved_within(event.event),
            Event::ShapeNotify(event) => self.disturb(event.affected_window),
            Event::PropertyNotify(event) if event.window == root => {
                if event.atom == self.atoms._NET_SUPPORTING_WM_CHECK {
                    self.is_window_manager_known = false;
                }
            }
            Event::PropertyNotify(event) if self.atoms.matters(event.atom) => self.disturb(event.window),
            _ => return false,
        }
        true
    }

    /// Whether a question to the display is due.
    pub(crate) fn is_stale(&self) -> bool {
        !self.is_order_known
            || !self.is_window_manager_known
            || !self.shown_once.is_empty()
            || self.tops.values().any(|top| !top.is_known)
    }

    /// Looks at what has changed. Events that have come meanwhile may make it stale again.
    pub(crate) fn refresh(&mut self, connection: &RustConnection) -> Result<(), PlatformError> {
        if !self.is_order_known {
            let children = connection.query_tree(self.root)?.reply()?.children;
            self.set_order(&children);
        }
        let unknown: BTreeSet<Window> =
            self.tops.iter().filter(|(_, top)| !top.is_known).map(|(window, _)| *window).collect();
        let manager = if self.is_window_manager_known { None } else { self.manager_window(connection)? };
        let shown_once = std::mem::take(&mut self.shown_once);
        if unknown.is_empty() && self.is_window_manager_known && shown_once.is_empty() {
            return Ok(());
        }
        let trees = examine::trees(connection, &self.atoms, &unknown)?;
        let answers = trees.values().flatten();
        let named =
            answers.flat_map(|answer| [Some(answer.window), answer.transient_for, answer.leader]).flatten();
        let asked = named.chain(shown_once.iter().copied()).chain(manager);
        let pids = examine::processes(connection, asked)?;
        let process =
            |window: Window| self.processes.identify(*pids.get(&examine::base(connection, window))?);
        for application in shown_once.into_iter().filter_map(process) {
            if Some(application) != self.window_manager {
                self.processes.saw(application, Kind::Ordinary);
            }
        }
        if !self.is_window_manager_known {
            self.window_manager = manager.and_then(process);
        }
        let read: Vec<(Window, Vec<Inner>, Vec<Answer>)> = trees
            .into_iter()
            .map(|(window, tree)| (window, tree.iter().map(|answer| inner(answer, &process)).collect(), tree))
            .collect();
        self.is_window_manager_known = true;
        for window in unknown {
            self.learn(window, Vec::new(), Vec::new());
        }
        for (window, inner, tree) in read {
            self.learn(window, inner, tree);
        }
        self.resolve();
        Ok(())
    }

    /// Stops listening to windows other than the root.
    pub(crate) fn end(self, connection: &RustConnection) -> Result<(), PlatformError> {
        let nothing = ChangeWindowAttributesAux::new().event_mask(EventMask::NO_EVENT);
        for (window, top) in self.tops {
            connection.shape_select_input(window, false)?.ignore_error();
            for inner in top.inner {
                connection.change_window_attributes(inner.window, &nothing)?.ignore_error();
            }
        }
        Ok(())
    }

    /// Windows that cover something, from the lowest; without the server's own, on which a compositor paints
    /// what is below once more.
    pub(crate) fn stacked(&self) -> impl DoubleEndedIterator<Item = (Window, &TopLevel)> {
        let clients = self.order.iter().filter(|window| **window & !self.name_mask != 0);
        let tops = clients.filter_map(|window| Some((*window, self.tops.get(window)?)));
        tops.filter(|(_, top)| top.is_seen())
    }

    /// Whether a window that is mapped was not looked at yet since it changed.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.tops.values().any(|top| !top.is_known && (top.is_mapped || top.geometry.is_none()))
    }

    /// The process that made something with this name, if it still runs.
    pub(crate) fn process(
        &self,
        connection: &RustConnection,
        name: u32,
    ) -> Result<Option<ApplicationId>, PlatformError> {
        let pid = examine::processes(connection, [name])?.into_values().next();
        Ok(pid.and_then(|pid| self.processes.identify(pid)))
    }

    pub(crate) fn top_level(&self, window: Window) -> Option<&TopLevel> {
        self.tops.get(&window)
    }

    /// The top-level window that a window is, or lies within.
    pub(crate) fn top_of(&self, window: Window) -> Option<Window> {
        self.top_of.get(&window).copied()
    }

    /// The order of all children of the root, from the lowest, that a question has brought. Windows that are
    /// not known yet are not known to anybody.
    pub(crate) fn set_order(&mut self, children: &[Window]) {
        for window in children {
            if !self.tops.contains_key(window) {
                self.add(*window, None);
            }
        }
        let present: BTreeSet<Window> = children.iter().copied().collect();
        let gone: Vec<Window> = self.tops.keys().filter(|top| !present.contains(top)).copied().collect();
        gone.into_iter().for_each(|window| self.remove(window));
        self.order = children.to_vec();
        self.is_order_known = true;
    }

    fn add(&mut self, window: Window, geometry: Option<Geometry>) {
        self.remove(window);
        self.births += 1;
        self.tops.insert(window, TopLevel::new(self.births, geometry));
        self.top_of.insert(window, window);
    }

    fn remove(&mut self, window: Window) {
        self.is_order_known = false;
        if self.tops.remove(&window).is_some() {
            self.top_of.retain(|_, top| *top != window);
        }
    }

    /// Whether nobody draws in a top-level window but this process and the window manager, whose frame it may be.
    pub(crate) fn is_ours(&self, top: &TopLevel) -> bool {
        let ours = |inner: &Inner| {
            let maker = inner.part.application;
            !inner.draws || (maker.is_some() && (maker == self.own() || maker == self.window_manager()))
        };
        top.owner == Owner::Own && top.inner.iter().all(ours)
    }

    /// Something about this window, or in it, is other than it was.
    fn disturb(&mut self, window: Window) {
        if let Some(top) = self.top_of(window).and_then(|top| self.tops.get_mut(&top)) {
            top.is_known = false;
        }
    }

    /// What is in the top-level window's memory may be another application's, and stays until it is painted
    /// over: as if it were new memory.
    fn soil(&mut self, window: Window) {
        if let Some(top) = self.top_of(window).and_then(|top| self.tops.get_mut(&top)) {
            top.storage += 1;
        }
    }

    /// A window is not seen any more in that which it was in.
    fn left(&mut self, parent: Window, window: Window) {
        if (parent ^ window) & !self.name_mask != 0 {
            self.soil(parent);
        }
    }

    fn moved_within(&mut self, window: Window) {
        if let Some(top) = self.top_of(window).and_then(|top| self.tops.get_mut(&top)) {
            top.moved_within += 1;
        }
    }

    /// The window by which the window manager says that it is there.
    fn manager_window(&self, connection: &RustConnection) -> Result<Option<Window>, PlatformError> {
        let (name, kind) = (self.atoms._NET_SUPPORTING_WM_CHECK, AtomEnum::WINDOW);
        let property = connection.get_property(false, self.root, name, kind, 0, 1)?.reply()?;
        Ok(property.value32().and_then(|mut windows| windows.next()))
    }

    fn learn(&mut self, window: Window, inner: Vec<Inner>, tree: Vec<Answer>) {
        self.top_of.retain(|_, top| *top != window);
        let Some(top) = self.tops.get_mut(&window) else { return };
        top.is_known = true;
        top.owner = Owner::Unknown;
        self.top_of.insert(window, window);
        self.top_of.extend(inner.iter().map(|inner| (inner.window, window)));
        top.inner = inner;
        // Gone, or too much to look at: nobody's.
        let Some(outermost) = tree.into_iter().next() else { return };
        if top.geometry.is_none() {
            // Later on events say it, so that it fits what else they say.
            top.geometry = Some(Geometry {
                x: outermost.geometry.x.into(),
                y: outermost.geometry.y.into(),
                width: outermost.geometry.width.into(),
                height: outermost.geometry.height.into(),
                border: outermost.geometry.border_width.into(),
            });
            top.is_mapped = outermost.is_mapped;
        }
        top.depth = if outermost.draws { outermost.geometry.depth } else { 0 };
        if top.shape != outermost.shape {
            // Its memory is the same, but what has newly come into sight of it was never painted.
            (top.shape, top.storage) = (outermost.shape, top.storage + 1);
        }
    }

    /// Says again whose all windows are: what is newly known of one process may concern them all.
    fn resolve(&mut self) {
        for top in self.tops.values().filter(|top| top.is_known) {
            let clients = top.inner.iter().filter(|inner| inner.part.is_client);
            let itself = top.inner.first().filter(|itself| {
                let is_frame = 1 < top.inner.len() && itself.part.application == self.window_manager;
                top.is_seen() && !itself.is_override_redirect && !is_frame
            });
            for inner in clients.chain(itself) {
                let Some(application) = inner.part.application else { continue };
                // A dialog for another application's window makes nobody an application.
                if inner.transient_for.is_none_or(|other| other == application) {
                    self.processes.saw(application, inner.part.kind.unwrap_or(Kind::Ordinary));
                }
            }
        }
        let mut tops = std::mem::take(&mut self.tops);
        for top in tops.values_mut().filter(|top| top.is_known) {
            let parts: Vec<Part> = top.inner.iter().map(|inner| inner.part.clone()).collect();
            if let Some((itself, within)) = parts.split_first() {
                (top.owner, top.kind) = resolve(itself, within, self);
            }
        }
        self.tops = tops;
    }
}

impl Census for Windows {
    fn own(&self) -> Option<ApplicationId> {
        self.own
    }

    fn window_manager(&self) -> Option<ApplicationId> {
        self.window_manager
    }

    fn seen(&self, application: ApplicationId) -> Seen {
        self.processes.seen(application)
    }
}
