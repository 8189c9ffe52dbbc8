//! The window loop: turns what winit and other threads report into calls of the program, and carries out
//! what the program asks of its [`Shell`].

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use softbuffer::Context;
use winit::application::ApplicationHandler;
use winit::dpi::{LogicalSize, PhysicalPosition};
use winit::event::{ElementState, WindowEvent};
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop, EventLoopProxy, OwnedDisplayHandle};
use winit::monitor::MonitorHandle;
use winit::window::{Fullscreen, Window, WindowId, WindowLevel};

use crate::clipboard::Clipboard;
use crate::shell::{Handles, Place, Request};
use crate::window::AppWindow;
use crate::{App, Handling, Shell, ThemeChoice, UiError, WindowKey, WindowOptions};

/// How the loop behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Light, dark, or what the system prefers.
    pub theme: ThemeChoice,
}

/// What wakes the loop beside the windowing system.
pub(crate) enum Wake<E> {
    Program(E),
    Access(accesskit_winit::Event),
    Repaint(WindowId, Instant),
}

impl<E> From<accesskit_winit::Event> for Wake<E> {
    fn from(event: accesskit_winit::Event) -> Self {
        Self::Access(event)
    }
}

/// Lets other threads reach the program.
pub struct Proxy<E: 'static>(EventLoopProxy<Wake<E>>);

impl<E> Clone for Proxy<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E> Proxy<E> {
    /// Calls [`App::event`] on the loop's thread soon. `false` when the loop has ended; the event is lost.
    pub fn send(&self, event: E) -> bool {
        self.0.send_event(Wake::Program(event)).is_ok()
    }
}

/// Runs a program with windows on this thread (which must be the process's first) until it calls
/// [`Shell::exit`], and gives it back. `make` receives the [`Proxy`] for the program's other threads.
///
/// # Errors
/// [`UiError`] when there is no display, or a window could not be opened or drawn. Called twice in one
/// process it fails, since winit allows one loop only.
pub fn run<A: App>(options: Options, make: impl FnOnce(Proxy<A::Event>) -> A) -> Result<A, UiError> {
    let event_loop = EventLoop::<Wake<A::Event>>::with_user_event()
        .build()
        .map_err(|error| UiError::Display(error.to_string()))?;
    let proxy = event_loop.create_proxy();
    let mut runner = Runner {
        app: make(Proxy(proxy.clone())),
        options,
        proxy,
        context: None,
        keys: HashMap::new(),
        windows: HashMap::new(),
        handles: Handles::new(),
        clipboard: Clipboard::default(),
        failure: None,
        started: false,
    };
    event_loop.run_app(&mut runner).map_err(|error| UiError::Display(error.to_string()))?;
    match runner.failure {
        Some(failure) => Err(failure),
        None => Ok(runner.app),
    }
}

struct Runner<A: App> {
    app: A,
    options: Options,
    proxy: EventLoopProxy<Wake<A::Event>>,
    context: Option<Context<OwnedDisplayHandle>>,
    keys: HashMap<WindowId, WindowKey>,
    windows: HashMap<WindowKey, AppWindow>,
    handles: Handles,
    clipboard: Clipboard,
    failure: Option<UiError>,
    started: bool,
}

impl<A: App> Runner<A> {
    /// Calls the program and carries out what it asked for.
    fn call<R>(&mut self, event_loop: &ActiveEventLoop, call: impl FnOnce(&mut A, &mut Shell<'_>) -> R) -> R {
        let mut shell = Shell::new(&self.handles);
        let answer = call(&mut self.app, &mut shell);
        let requests = shell.into_requests();
        self.carry_out_all(event_loop, requests);
        answer
    }

    fn carry_out_all(&mut self, event_loop: &ActiveEventLoop, requests: Vec<Request>) {
        for request in requests {
            if let Err(failure) = self.carry_out(event_loop, request) {
                self.fail(event_loop, failure);
            }
        }
    }

    fn fail(&mut self, event_loop: &ActiveEventLoop, failure: UiError) {
        self.failure.get_or_insert(failure);
        event_loop.exit();
    }

    fn carry_out(&mut self, event_loop: &ActiveEventLoop, request: Request) -> Result<(), UiError> {
        match request {
            Request::Open(key, options) => return self.open(event_loop, key, options),
            Request::Close(key) => {
                self.handles.remove(&key);
                if let Some(window) = self.windows.remove(&key) {
                    self.keys.remove(&window.handle.id());
                }
            }
            Request::Exit => event_loop.exit(),
            Request::Present(key) => return self.present(key, false),
            Request::Pointer(key, shape) => {
                if let Some(window) = self.windows.get_mut(&key) {
                    window.set_pointer(event_loop, shape);
                }
            }
            Request::Copy(text) => self.clipboard.set(text),
            Request::Redraw(key) => self.stale(key),
            Request::Title(key, title) => self.with(key, |window| window.set_title(&title)),
            Request::Resize(key, size) => {
                self.with(key, |window| resize(window, size));
                self.stale(key);
            }
            Request::Focus(key) => self.with(key, Window::focus_window),
            Request::Drag(key) => self.with(key, |window| {
                if let Err(error) = window.drag_window() {
                    tracing::debug!(%error, "the window manager does not move windows");
                }
            }),
            Request::Fullscreen(key, on) => {
                self.with(key, |window| window.set_fullscreen(on.then_some(Fullscreen::Borderless(None))));
            }
        }
        Ok(())
    }

    fn with(&self, key: WindowKey, act: impl FnOnce(&Window)) {
        if let Some(window) = self.handles.get(&key) {
            act(window);
        }
    }

    /// The widgets of this window are to be drawn again. winit is not asked for that: what it asks for itself is
    /// then known to be the system's wish, which wants all of the window.
    fn stale(&mut self, key: WindowKey) {
        if let Some(window) = self.windows.get_mut(&key) {
            window.stale = true;
        }
    }

    fn open(
        &mut self,
        event_loop: &ActiveEventLoop,
        key: WindowKey,
        options: WindowOptions,
    ) -> Result<(), UiError> {
        if self.windows.contains_key(&key) {
            return Ok(());
        }
        let context = match &mut self.context {
            Some(context) => context,
            none => none.insert(Context::new(event_loop.owned_display_handle())?),
        };
        let on_top = options.on_top;
        let window = event_loop
            .create_window(attributes(event_loop, options))
            .map_err(|error| UiError::Window(error.to_string()))?;
        let handle = Rc::new(window);
        let window =
            AppWindow::new(event_loop, Rc::clone(&handle), context, &self.proxy, on_top, self.options.theme)?;
        handle.request_redraw();
        self.keys.insert(handle.id(), key);
        self.handles.insert(key, handle);
        self.windows.insert(key, window);
        Ok(())
    }

    /// Draws the widgets of a window anew and shows what changed, or all of it.
    fn redraw(&mut self, event_loop: &ActiveEventLoop, key: WindowKey, all: bool) {
        if let Err(failure) = self.try_redraw(event_loop, key, all) {
            self.fail(event_loop, failure);
        }
    }

    fn try_redraw(&mut self, event_loop: &ActiveEventLoop, key: WindowKey, all: bool) -> Result<(), UiError> {
        let Some(window) = self.windows.get_mut(&key) else { return Ok(()) };
        let (app, mut shell) = (&mut self.app, Shell::new(&self.handles));
        let drawn = window.redraw(&mut |ui| app.draw(key, ui, &mut shell), &mut self.clipboard);
        let requests = shell.into_requests();
        self.carry_out_all(event_loop, requests);
        drawn?;
        // The program may have closed the window while it drew it; then nothing is presented.
        self.present(key, all)
    }

    fn present(&mut self, key: WindowKey, all: bool) -> Result<(), UiError> {
        match self.windows.get_mut(&key) {
            Some(window) => window.present(self.app.picture(key), all),
            None => Ok(()),
        }
    }
}

impl<A: App> ApplicationHandler<Wake<A::Event>> for Runner<A> {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        if !std::mem::replace(&mut self.started, true) {
            self.call(event_loop, App::start);
        }
    }

    fn user_event(&mut self, event_loop: &ActiveEventLoop, event: Wake<A::Event>) {
        match event {
            Wake::Program(event) => self.call(event_loop, |app, shell| app.event(event, shell)),
            Wake::Repaint(id, at) => {
                let window = self.keys.get(&id).and_then(|key| self.windows.get_mut(key));
                if let Some(window) = window {
                    window.repaint_at = Some(window.repaint_at.map_or(at, |earlier| earlier.min(at)));
                }
            }
            Wake::Access(event) => {
                let Some(key) = self.keys.get(&event.window_id).copied() else { return };
                let Some(window) = self.windows.get_mut(&key) else { return };
                match event.window_event {
                    accesskit_winit::WindowEvent::InitialTreeRequested => window.begin_access(),
                    accesskit_winit::WindowEvent::AccessibilityDeactivated => window.ctx.disable_accesskit(),
                    accesskit_winit::WindowEvent::ActionRequested(request) => {
                        if !window.access_action(request) {
                            return self.call(event_loop, |app, shell| app.action_refused(key, shell));
                        }
                    }
                }
                window.stale = true;
            }
        }
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, id: WindowId, event: WindowEvent) {
        let Some(key) = self.keys.get(&id).copied() else { return };
        match &event {
            WindowEvent::RedrawRequested => return self.redraw(event_loop, key, true),
            WindowEvent::CloseRequested => {
                return self.call(event_loop, |app, shell| app.close_requested(key, shell));
            }
            // winit makes these up when the focus changes; no hand pressed anything.
            WindowEvent::KeyboardInput { event, is_synthetic: true, .. }
                if event.state == ElementState::Pressed =>
            {
                return;
            }
            _ => {}
        }
        if let Some(window) = self.windows.get_mut(&key) {
            window.access_event(&event);
        }
        let handling = self.call(event_loop, |app, shell| app.input(key, &event, shell));
        if let Some(window) = self.windows.get_mut(&key)
            && handling == Handling::Widgets
            && window.widgets_event(&event, &mut self.clipboard)
        {
            window.stale = true;
        }
    }

    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        let now = Instant::now();
        let due = |window: &AppWindow| window.stale || window.repaint_at.is_some_and(|at| at <= now);
        let keys: Vec<_> =
            self.windows.iter().filter(|(_, window)| due(window)).map(|(key, _)| *key).collect();
        for key in keys {
            self.redraw(event_loop, key, false);
        }
        let stale = self.windows.values().any(|window| window.stale);
        let wake = self.windows.values().filter_map(|window| window.repaint_at).min();
        event_loop.set_control_flow(match wake {
            _ if stale => ControlFlow::Poll,
            Some(at) => ControlFlow::WaitUntil(at),
            None => ControlFlow::Wait,
        });
    }
}

/// Everything is given while the window is invisible; the accessibility adapter wants it so.
fn attributes(event_loop: &ActiveEventLoop, options: WindowOptions) -> winit::window::WindowAttributes {
    let monitor = event_loop.primary_monitor().or_else(|| event_loop.available_monitors().next());
    let fitted = |size| match &monitor {
        Some(monitor) => within(monitor, monitor.scale_factor(), size),
        None => LogicalSize::new(size.0, size.1),
    };
    let size = fitted(options.size);
    let mut attributes = Window::default_attributes()
        .with_title(options.title)
        .with_inner_size(size)
        .with_decorations(options.decorations)
        .with_resizable(options.min_size.is_some())
        .with_window_level(if options.on_top { WindowLevel::AlwaysOnTop } else { WindowLevel::Normal })
        .with_visible(false);
    if let Some(least) = options.min_size {
        attributes = attributes.with_min_inner_size(fitted(least));
    }
    match monitor.and_then(|monitor| place(&monitor, options.place, size)) {
        Some(position) => attributes.with_position(position),
        None => attributes,
    }
}

/// A window's size in points, or as much of it as the monitor has room for.
fn within(monitor: &MonitorHandle, scale: f64, size: (f32, f32)) -> LogicalSize<f32> {
    /// What a title bar and a task bar may take, in points.
    const BARS: f32 = 72.0;
    let room = monitor.size().to_logical::<f32>(scale);
    LogicalSize::new(size.0.min(room.width), size.1.min(room.height - BARS))
}

fn place(monitor: &MonitorHandle, place: Place, size: LogicalSize<f32>) -> Option<PhysicalPosition<i32>> {
    /// From the edges of the monitor, in points.
    const MARGIN: f64 = 24.0;
    let (origin, room) = (monitor.position(), monitor.size());
    let size = size.to_physical::<i32>(monitor.scale_factor());
    let margin = (MARGIN * monitor.scale_factor()).round() as i32;
    let (free_x, free_y) = (room.width as i32 - size.width, room.height as i32 - size.height);
    match place {
        Place::Anywhere => None,
        Place::Centre => Some((free_x / 2, free_y / 2)),
        Place::TopLeft => Some((margin, margin)),
        Place::TopRight => Some((free_x - margin, margin)),
    }
    .map(|(x, y)| PhysicalPosition::new(origin.x + x.max(0), origin.y + y.max(0)))
}

/// A window that cannot be resized by hand has equal limits, which must move along.
fn resize(window: &Window, size: (f32, f32)) {
    let size = match window.current_monitor() {
        Some(monitor) => within(&monitor, window.scale_factor(), size),
        None => LogicalSize::new(size.0, size.1),
    };
    if !window.is_resizable() {
        window.set_min_inner_size(Some(size));
        window.set_max_inner_size(Some(size));
    }
    // The new size, where it is known at once, comes as an event as well.
    let _known = window.request_inner_size(size);
}
