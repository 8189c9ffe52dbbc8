//! Asks the display about windows: many at once, as each answer takes a trip.

use std::collections::{BTreeMap, BTreeSet};

use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::cookie::Cookie;
use x11rb::errors::ReplyError;
use x11rb::protocol::res::{ClientIdMask, ClientIdSpec, ConnectionExt as _};
use x11rb::protocol::shape::{ConnectionExt as _, GetRectanglesReply, QueryExtentsReply, SK};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, GetGeometryReply,
    GetPropertyReply, GetWindowAttributesReply, MapState, QueryTreeReply, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use super::owner::Kind;
use crate::PlatformError;
use crate::x11::region::{Place, Region};

/// How many windows may lie within one top-level window. One with more is nobody's.
const MAX_PARTS: usize = 4096;
/// Down to this depth below a top-level window its application's own window may lie.
const CLIENT_DEPTH: usize = 2;

x11rb::atom_manager! {
    /// Names of properties and their values.
    pub(crate) Atoms:
    AtomsCookie {
        _NET_CLIENT_LIST,
        _NET_SUPPORTING_WM_CHECK,
        _NET_WM_NAME,
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_COMBO,
        _NET_WM_WINDOW_TYPE_DESKTOP,
        _NET_WM_WINDOW_TYPE_DIALOG,
        _NET_WM_WINDOW_TYPE_DND,
        _NET_WM_WINDOW_TYPE_DOCK,
        _NET_WM_WINDOW_TYPE_DROPDOWN_MENU,
        _NET_WM_WINDOW_TYPE_MENU,
        _NET_WM_WINDOW_TYPE_NORMAL,
        _NET_WM_WINDOW_TYPE_NOTIFICATION,
        _NET_WM_WINDOW_TYPE_POPUP_MENU,
        _NET_WM_WINDOW_TYPE_SPLASH,
        _NET_WM_WINDOW_TYPE_TOOLBAR,
        _NET_WM_WINDOW_TYPE_TOOLTIP,
        _NET_WM_WINDOW_TYPE_UTILITY,
        _XROOTPMAP_ID,
        UTF8_STRING,
        WM_CLIENT_LEADER,
        WM_STATE,
    }
}

impl Atoms {
    /// What a list of types says; the first one that is known counts.
    fn kind(&self, types: &[Atom]) -> Option<Kind> {
        types.iter().find_map(|kind| match *kind {
            kind if kind == self._NET_WM_WINDOW_TYPE_DESKTOP => Some(Kind::Desktop),
            kind if kind == self._NET_WM_WINDOW_TYPE_DOCK => Some(Kind::Panel),
            kind if kind == self._NET_WM_WINDOW_TYPE_NOTIFICATION => Some(Kind::Notification),
            kind if kind == self._NET_WM_WINDOW_TYPE_DND => Some(Kind::Dragged),
            kind => self.ordinary().contains(&kind).then_some(Kind::Ordinary),
        })
    }

    fn ordinary(&self) -> [Atom; 10] {
        [
            self._NET_WM_WINDOW_TYPE_COMBO,
            self._NET_WM_WINDOW_TYPE_DIALOG,
            self._NET_WM_WINDOW_TYPE_DROPDOWN_MENU,
            self._NET_WM_WINDOW_TYPE_MENU,
            self._NET_WM_WINDOW_TYPE_NORMAL,
            self._NET_WM_WINDOW_TYPE_POPUP_MENU,
            self._NET_WM_WINDOW_TYPE_SPLASH,
            self._NET_WM_WINDOW_TYPE_TOOLBAR,
            self._NET_WM_WINDOW_TYPE_TOOLTIP,
            self._NET_WM_WINDOW_TYPE_UTILITY,
        ]
    }

    /// Whether a change of this property may change whose a window is.
    pub(super) fn matters(&self, property: Atom) -> bool {
        let transient = u32::from(AtomEnum::WM_TRANSIENT_FOR);
        [transient, self.WM_STATE, self.WM_CLIENT_LEADER, self._NET_WM_WINDOW_TYPE].contains(&property)
    }
}

/// What the display said of one window.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) window: Window,
    pub(super) geometry: GetGeometryReply,
    pub(super) is_mapped: bool,
    /// Not a window that only takes input.
    pub(super) draws: bool,
    pub(super) is_override_redirect: bool,
    pub(super) is_client: bool,
    pub(super) kind: Option<Kind>,
    pub(super) transient_for: Option<Window>,
    pub(super) leader: Option<Window>,
    /// Of a top-level window that is not a rectangle: its form from its inner upper left corner.
    pub(super) shape: Option<Region>,
    /// Its border, from the top-level window's inner upper left corner.
    pub(super) edge: Region,
}

struct Question<'c> {
    window: Window,
    attributes: Cookie<'c, RustConnection, GetWindowAttributesReply>,
    geometry: Cookie<'c, RustConnection, GetGeometryReply>,
    tree: Cookie<'c, RustConnection, QueryTreeReply>,
    hints: Option<Hints<'c>>,
    shape: Option<(
        Cookie<'c, RustConnection, QueryExtentsReply>,
        Cookie<'c, RustConnection, GetRectanglesReply>,
    )>,
}

struct Hints<'c> {
    state: Cookie<'c, RustConnection, GetPropertyReply>,
    kind: Cookie<'c, RustConnection, GetPropertyReply>,
    transient_for: Cookie<'c, RustConnection, GetPropertyReply>,
    leader: Cookie<'c, RustConnection, GetPropertyReply>,
}

/// Asks about a window; its changes are heard from before the question on.
fn ask<'c>(
    connection: &'c RustConnection,
    atoms: &Atoms,
    window: Window,
    level: usize,
) -> Result<Question<'c>, PlatformError> {
    let heard = EventMask::SUBSTRUCTURE_NOTIFY | EventMask::PROPERTY_CHANGE;
    let listen = ChangeWindowAttributesAux::new().event_mask(heard);
    connection.change_window_attributes(window, &listen)?.ignore_error();
    let shape = if level == 0 {
        connection.shape_select_input(window, true)?.ignore_error();
        Some((
            connection.shape_query_extents(window)?,
            connection.shape_get_rectangles(window, SK::BOUNDING)?,
        ))
    } else {
        None
    };
    let property = |name: Atom, kind: Atom| connection.get_property(false, window, name, kind, 0, 32);
    let hints = if level <= CLIENT_DEPTH {
        let (atom, name): (u32, u32) = (AtomEnum::ATOM.into(), AtomEnum::WINDOW.into());
        Some(Hints {
            state: property(atoms.WM_STATE, AtomEnum::ANY.into())?,
            kind: property(atoms._NET_WM_WINDOW_TYPE, atom)?,
            transient_for: property(AtomEnum::WM_TRANSIENT_FOR.into(), name)?,
            leader: property(atoms.WM_CLIENT_LEADER, name)?,
        })
    } else {
        None
    };
    Ok(Question {
        window,
        attributes: connection.get_window_attributes(window)?,
        geometry: connection.get_geometry(window)?,
        tree: connection.query_tree(window)?,
        hints,
        shape,
    })
}

/// An answer, or `None` if the window is gone.
fn still<T>(reply: Result<T, ReplyError>) -> Result<Option<T>, PlatformError> {
    match reply {
        Ok(reply) => Ok(Some(reply)),
        Err(ReplyError::X11Error(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What was answered, and the windows one level further in. `None` if the window is gone.
fn hear(question: Question<'_>, atoms: &Atoms) -> Result<Option<(Answer, Vec<Window>)>, PlatformError> {
    let mut answer = None;
    let (attributes, geometry) = (still(question.attributes.reply())?, still(question.geometry.reply())?);
    let tree = still(question.tree.reply())?;
    if let (Some(attributes), Some(geometry), Some(tree)) = (attributes, geometry, tree) {
        let draws = attributes.class == WindowClass::INPUT_OUTPUT;
        let found = Answer {
            window: question.window,
            geometry,
            is_mapped: attributes.map_state != MapState::UNMAPPED,
            draws,
            is_override_redirect: attributes.override_redirect,
            is_client: false,
            kind: None,
            transient_for: None,
            leader: None,
            shape: None,
            edge: Region::default(),
        };
        answer = Some((found, tree.children));
    }
    // All answers are taken, so that none is left to be mistaken for an event.
    if let Some(hints) = question.hints {
        let values =
            |cookie: Cookie<'_, RustConnection, GetPropertyReply>| -> Result<Vec<u32>, PlatformError> {
                let reply = still(cookie.reply())?;
                Ok(reply.and_then(|reply| Some(reply.value32()?.collect())).unwrap_or_default())
            };
        let one = |values: &[u32]| values.first().copied().filter(|window| *window != x11rb::NONE);
        let is_client = !values(hints.state)?.is_empty();
        let (kind, transient_for, leader) =
            (values(hints.kind)?, values(hints.transient_for)?, values(hints.leader)?);
        if let Some((answer, _)) = &mut answer {
            answer.is_client = is_client;
            answer.kind = atoms.kind(&kind);
            (answer.transient_for, answer.leader) = (one(&transient_for), one(&leader));
        }
    }
    if let Some((extents, shape)) = question.shape {
        let (extents, shape) = (still(extents.reply())?, still(shape.reply())?);
        let is_shaped = extents.is_some_and(|extents| extents.bounding_shaped);
        if let (Some((answer, _)), Some(shape)) = (&mut answer, shape.filter(|_| is_shaped)) {
            answer.shape = Some(shape.rectangles.into_iter().map(Place::from).collect());
        }
    }
    Ok(answer)
}

/// The inner corner of a window whose parent's inner corner is there.
fn corner(geometry: &GetGeometryReply, parent: (i32, i32)) -> (i32, i32) {
    let border = i32::from(geometry.border_width);
    (parent.0 + i32::from(geometry.x) + border, parent.1 + i32::from(geometry.y) + border)
}

/// The border of a window whose inner corner is there.
fn edge(geometry: &GetGeometryReply, (x, y): (i32, i32)) -> Region {
    let (width, height) = (u32::from(geometry.width), u32::from(geometry.height));
    let border = u32::from(geometry.border_width);
    let start = |at: i32| at - i32::from(geometry.border_width);
    let outer = Place { x: start(x), y: start(y), width: width + 2 * border, height: height + 2 * border };
    Region::of(outer).subtract(&Region::of(Place { x, y, width, height }))
}

/// All windows of these top-level windows' trees, each tree from the outside. One that is gone, or that holds
/// more than can be looked at, is not among them.
pub(super) fn trees(
    connection: &RustConnection,
    atoms: &Atoms,
    tops: &BTreeSet<Window>,
) -> Result<BTreeMap<Window, Vec<Answer>>, PlatformError> {
    let mut found: BTreeMap<Window, Vec<Answer>> = BTreeMap::new();
    // Each with where its parent's inner corner is.
    let mut level: Vec<(Window, Window, (i32, i32))> = tops.iter().map(|top| (*top, *top, (0, 0))).collect();
    let mut depth = 0;
    while !level.is_empty() {
        let mut questions = Vec::with_capacity(level.len());
        for (top, window, parent) in level.drain(..) {
            questions.push((top, parent, ask(connection, atoms, window, depth)?));
        }
        for (top, parent, question) in questions {
            // A window that went away meanwhile is heard of by an event.
            let Some((mut answer, children)) = hear(question, atoms)? else { continue };
            let corner = if depth == 0 { (0, 0) } else { corner(&answer.geometry, parent) };
            answer.edge = edge(&answer.geometry, corner);
            found.entry(top).or_default().push(answer);
            level.extend(children.into_iter().map(|child| (top, child, corner)));
        }
        depth += 1;
        let too_large = |top: &Window, found: &BTreeMap<Window, Vec<Answer>>| {
            let next = level.iter().filter(|(this, ..)| this == top).count();
            MAX_PARTS < found.get(top).map_or(0, Vec::len) + next
        };
        let beyond: Vec<Window> = tops.iter().filter(|top| too_large(top, &found)).copied().collect();
        for top in beyond {
            tracing::warn!(top, "a window holds more windows than can be looked at");
            found.remove(&top);
            level.retain(|(this, ..)| *this != top);
        }
    }
    Ok(found)
}

/// The processes that made these windows, by the part of their names that all windows of one connection
/// share. What a window says of itself (`_NET_WM_PID`) counts for nothing.
pub(super) fn processes(
    connection: &RustConnection,
    windows: impl IntoIterator<Item = Window>,
) -> Result<BTreeMap<Window, u32>, PlatformError> {
    let bases: BTreeSet<Window> = windows.into_iter().map(|window| base(connection, window)).collect();
    let mask = ClientIdMask::LOCAL_CLIENT_PID;
    let specs: Vec<ClientIdSpec> =
        bases.iter().filter(|base| **base != 0).map(|base| ClientIdSpec { client: *base, mask }).collect();
    let mut found = BTreeMap::new();
    // A request may be this long and no longer; there are hardly ever so many clients.
    let most = connection.maximum_request_bytes() / 8 - 2;
    for specs in specs.chunks(most.max(1)) {
        let reply = connection.res_query_client_ids(specs)?.reply()?;
        for id in reply.ids {
            if id.spec.mask == mask
                && let [pid] = id.value[..]
            {
                found.insert(base(connection, id.spec.client), pid);
            }
        }
    }
    Ok(found)
}

/// What all names of one connection have in common; 0 is the server itself.
pub(super) fn base(connection: &RustConnection, name: u32) -> u32 {
    name & !connection.setup().resource_id_mask
}
