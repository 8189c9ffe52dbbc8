//! Control within a scope: whether what is about to be done would reach something else, found out and done
//! in one step, while nobody but us can change anything.
//!
//! The server is held (`GrabServer`) for one question, its answer and the injection behind it. What the
//! windows are is known from before; the answer says which one is concerned, and every event up to it has
//! been taken in, so that nothing that counts as known is out of date. Otherwise the step begins again.
//!
//! What remains: a window manager that raises what is clicked holds the press back for a moment to look at it
//! (a synchronous grab), and X then gives it to whatever window is there when it lets go.

use std::time::{Duration, Instant};

use deskside_codec::Rect;
use deskside_session::{Area, Scope};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateWindowAux, GrabMode, GrabStatus, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use super::probe::{Focus, KeyFate, Probe, Spot, Strike};
use super::reach;
use super::region::Region;
use super::windows::{Owner, Processes, TopLevel, Windows};
use crate::{InjectError, PlatformError};

/// How often a step begins again because windows changed meanwhile; then what is not known is refused.
const TRIES: usize = 4;
/// How long somebody else may hold all clicks or keys for a moment, as window managers do after a press.
const PATIENCE: Duration = Duration::from_millis(30);
/// How often it is looked whether he still does.
const PAUSE: Duration = Duration::from_millis(2);

/// What is about to be done.
#[derive(Debug, Clone, Copy)]
pub(super) enum Touch {
    /// Move the pointer there, in pixels of the screen.
    Move { x: i16, y: i16 },
    /// Press a button where the pointer is; whether we hold one already.
    Press { in_drag: bool },
    /// Press a key.
    Key(Strike),
}

enum Answer {
    Move(Spot),
    Press(Spot),
    Key(KeyFate),
}

/// Holds the server, asks, and lets go again.
#[derive(Debug)]
pub(super) struct Gate {
    windows: Windows,
    root: Window,
    probe: Probe,
    /// Mapped beyond the screen: takes keys that come up and are no longer anybody's.
    sink: Window,
    /// The last motion was refused: the pointer is not where the operator takes it to be.
    is_astray: bool,
    has_new_layout: bool,
}

impl Gate {
    pub(super) fn new(
        connection: &RustConnection,
        root: Window,
        processes: Processes,
    ) -> Result<Self, PlatformError> {
        let windows = Windows::new(connection, root, processes)?;
        let probe = Probe::new(connection, root)?;
        let sink = connection.generate_id()?;
        let (class, look) = (WindowClass::INPUT_ONLY, CreateWindowAux::new().override_redirect(1));
        connection.create_window(0, sink, root, -10, -10, 1, 1, 0, class, 0, &look)?.check()?;
        connection.map_window(sink)?.check()?;
        Ok(Self { windows, root, probe, sink, is_astray: false, has_new_layout: false })
    }

    /// Takes in an event that somebody else has read.
    pub(super) fn happened(&mut self, event: &Event) {
        self.windows.happened(event);
    }

    /// Whether the layout has changed since the last time.
    pub(super) fn take_new_layout(&mut self) -> bool {
        std::mem::take(&mut self.has_new_layout)
    }

    /// Where a place of the picture is on the screen; what is shown is only a part of it for a monitor.
    pub(super) fn on_screen(
        &mut self,
        connection: &RustConnection,
        scope: &Scope,
        x: u16,
        y: u16,
    ) -> Result<(i16, i16), InjectError> {
        let limits = self.limits(connection, scope)?;
        let on_screen = |start: u32, at: u16| i16::try_from(start + u32::from(at)).ok();
        let place = on_screen(limits.x, x).zip(on_screen(limits.y, y));
        self.is_astray |= place.is_none();
        place.ok_or(InjectError::OutOfScope)
    }

    /// Holds the server if this stays within the scope: it is then to be done at once, without waiting for
    /// anything, and [`leave`] must follow. After an error the server is not held.
    pub(super) fn enter(
        &mut self,
        connection: &RustConnection,
        scope: &Scope,
        touch: Touch,
    ) -> Result<(), InjectError> {
        let verdict = self.try_to_enter(connection, scope, touch);
        if let Touch::Move { .. } = touch {
            self.is_astray = verdict.is_err();
        }
        verdict
    }

    fn try_to_enter(
        &mut self,
        connection: &RustConnection,
        scope: &Scope,
        touch: Touch,
    ) -> Result<(), InjectError> {
        // Where the operator believes to click is not where the pointer is.
        if matches!(touch, Touch::Press { .. }) && self.is_astray {
            return Err(InjectError::OutOfScope);
        }
        let limits = self.limits(connection, scope)?;
        let (begun, mut tries) = (Instant::now(), 0);
        loop {
            tries += 1;
            self.look(connection)?;
            connection.grab_server().map_err(PlatformError::from)?;
            let asked = self.ask(connection, touch);
            let verdict = match asked {
                Ok(_) if self.windows.is_stale() && tries < TRIES => {
                    leave(connection)?;
                    continue;
                }
                Ok(answer) => self.judge(connection, scope, limits, touch, &answer),
                Err(error) => Err(error.into()),
            };
            if let Ok(true) = verdict {
                return Ok(());
            }
            leave(connection)?;
            verdict?;
            if PATIENCE < begun.elapsed() {
                return Err(InjectError::OutOfScope);
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn ask(&mut self, connection: &RustConnection, touch: Touch) -> Result<Answer, PlatformError> {
        let answer = match touch {
            Touch::Move { x, y } => Answer::Move(self.probe.place(connection, x, y)?),
            Touch::Press { .. } => Answer::Press(self.probe.pointer(connection)?),
            Touch::Key(strike) => Answer::Key(self.probe.key(connection, strike)?),
        };
        self.take_in(connection)?;
        Ok(answer)
    }

    /// Whether it is within and may be done now; not now if somebody holds all clicks or keys.
    fn judge(
        &self,
        connection: &RustConnection,
        scope: &Scope,
        limits: Rect,
        touch: Touch,
        answer: &Answer,
    ) -> Result<bool, InjectError> {
        let in_drag = matches!(touch, Touch::Press { in_drag: true });
        let (is_within, is_grabbed) = match answer {
            Answer::Move(spot) => (self.is_spot_within(scope, limits, spot), false),
            // While we hold a button all clicks belong to whom it was pressed on.
            Answer::Press(spot) => (self.is_spot_within(scope, limits, spot), spot.is_grabbed && !in_drag),
            Answer::Key(fate) => (self.is_focus_within(scope, limits, &fate.focus), fate.focus.is_grabbed),
        };
        match answer {
            _ if !is_within => Err(InjectError::OutOfScope),
            Answer::Key(fate) if fate.is_taken || fate.is_other_chord => Err(InjectError::EscapeChord),
            _ => Ok(!is_grabbed || self.is_menu_within(connection, scope)?),
        }
    }

    fn is_spot_within(&self, scope: &Scope, limits: Rect, spot: &Spot) -> bool {
        let between = |at: i16, start: u32, end: u32| (i64::from(start)..i64::from(end)).contains(&at.into());
        let is_inside =
            between(spot.x, limits.x, limits.right()) && between(spot.y, limits.y, limits.bottom());
        let is_ground_within = scope.desktop && !matches!(scope.area, Area::Applications(_));
        let is_ground = spot.window == x11rb::NONE;
        is_inside && if is_ground { is_ground_within } else { self.top_within(scope, spot.window).is_some() }
    }

    /// Keys belong to a window within; for a monitor, to one that is there.
    fn is_focus_within(&self, scope: &Scope, limits: Rect, focus: &Focus) -> bool {
        let Some(top) = self.top_within(scope, focus.window) else { return false };
        let limits = Region::of(reach::place(limits));
        !matches!(scope.area, Area::Monitor(_)) || !top.outline().intersect(&limits).is_empty()
    }

    fn top_within(&self, scope: &Scope, window: Window) -> Option<&TopLevel> {
        let top = self.windows.top_level(self.windows.top_of(window)?)?;
        (top.is_mapped && top.is_within(scope)).then_some(top)
    }

    /// Somebody gets all keys or all clicks, and only his windows say who that may be. A menu is not managed,
    /// lies above everything, and is its application's; whatever else it is, it might be anybody.
    fn is_menu_within(&self, connection: &RustConnection, scope: &Scope) -> Result<bool, PlatformError> {
        let mut others = self.windows.stacked().rev().filter(|(_, top)| top.owner != Owner::Own);
        let Some((window, _)) = others.next() else { return Ok(false) };
        let is_menu = connection.get_window_attributes(window)?.reply()?.override_redirect;
        Ok(is_menu && self.top_within(scope, window).is_some())
    }

    /// Holds the server for letting keys go, and says whether they are nobody's any more: then the sink gets
    /// them. [`Gate::have_let_go`] must follow.
    pub(super) fn let_go(
        &mut self,
        connection: &RustConnection,
        scope: &Scope,
    ) -> Result<bool, PlatformError> {
        let limits = reach::limits(connection, self.root, scope)?;
        for last in 1..=TRIES {
            self.look(connection)?;
            connection.grab_server()?;
            match self.take_keyboard(connection, scope, limits, last == TRIES) {
                Ok(None) => leave(connection)?,
                Ok(Some(in_sink)) => return Ok(in_sink),
                Err(error) => {
                    leave(connection)?;
                    return Err(error);
                }
            }
        }
        Ok(false)
    }

    /// Whether the sink has the keyboard now, because no window within has it; `None` if that cannot be said.
    fn take_keyboard(
        &mut self,
        connection: &RustConnection,
        scope: &Scope,
        limits: Option<Rect>,
        is_last: bool,
    ) -> Result<Option<bool>, PlatformError> {
        let focus = self.probe.focus(connection)?;
        self.take_in(connection)?;
        let is_within = limits.is_some_and(|limits| self.is_focus_within(scope, limits, &focus));
        // Who has grabbed the keyboard gets the keys in any case.
        if is_within || focus.is_grabbed {
            return Ok(Some(false));
        }
        if self.windows.is_stale() && !is_last {
            return Ok(None);
        }
        let (now, mode) = (x11rb::CURRENT_TIME, GrabMode::ASYNC);
        let grab = connection.grab_keyboard(false, self.sink, now, mode, mode)?.reply()?;
        Ok(Some(grab.status == GrabStatus::SUCCESS))
    }

    /// The keys are up.
    pub(super) fn have_let_go(
        &self,
        connection: &RustConnection,
        in_sink: bool,
    ) -> Result<(), PlatformError> {
        if in_sink {
            connection.ungrab_keyboard(x11rb::CURRENT_TIME)?;
        }
        leave(connection)
    }

    /// Whether keys, and clicks where the pointer is, would still be within. As of now: it holds nothing.
    pub(super) fn is_still_within(
        &mut self,
        connection: &RustConnection,
        scope: &Scope,
    ) -> Result<(bool, bool), PlatformError> {
        let Some(limits) = reach::limits(connection, self.root, scope)? else { return Ok((false, false)) };
        let focus = self.probe.focus(connection)?;
        self.look(connection)?;
        let keys = self.is_focus_within(scope, limits, &focus);
        Ok((keys, self.is_spot_within(scope, limits, &focus.under_pointer)))
    }

    fn limits(&self, connection: &RustConnection, scope: &Scope) -> Result<Rect, InjectError> {
        reach::limits(connection, self.root, scope)?.ok_or(InjectError::OutOfScope)
    }

    /// Takes in what has happened, and looks at what has changed.
    fn look(&mut self, connection: &RustConnection) -> Result<(), PlatformError> {
        for _ in 0..TRIES {
            self.take_in(connection)?;
            if !self.windows.is_stale() {
                break;
            }
            self.windows.refresh(connection)?;
        }
        Ok(())
    }

    fn take_in(&mut self, connection: &RustConnection) -> Result<(), PlatformError> {
        while let Some(event) = connection.poll_for_event()? {
            match event {
                Event::XkbMapNotify(_) | Event::XkbNewKeyboardNotify(_) => self.has_new_layout = true,
                Event::Error(error) => tracing::warn!(?error, "the display refused an injection"),
                event => {
                    self.windows.happened(&event);
                }
            }
        }
        Ok(())
    }
}

/// Gives the server back to everybody.
pub(super) fn leave(connection: &RustConnection) -> Result<(), PlatformError> {
    connection.ungrab_server()?;
    Ok(connection.flush()?)
}
