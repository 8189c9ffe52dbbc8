//! One window: winit's window, its pixels, egui's state and the accessibility adapter.

use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::{Duration, Instant};

use accesskit_winit::Adapter;
use egui::accesskit::{Node, Role, Tree, TreeId, TreeUpdate};
use softbuffer::{Context, Surface};
use winit::event::{ElementState, WindowEvent};
use winit::event_loop::{ActiveEventLoop, EventLoopProxy, OwnedDisplayHandle};
use winit::keyboard::{Key, NamedKey};
use winit::window::{CustomCursor, Window, WindowLevel};

use crate::clipboard::Clipboard;
use crate::event_loop::Wake;
use crate::layer::Layer;
use crate::picture::{Picture, PixelRect};
use crate::shell::PointerShape;
use crate::{ThemeChoice, UiError, access, theme};

/// What the display allows; egui never asks for more than this for its glyphs.
const MAX_TEXTURE_SIDE: usize = 4096;

/// The pointer over a window when the widgets do not choose it.
enum FixedPointer {
    Hidden,
    Cross,
    Image(CustomCursor),
}

pub(crate) struct AppWindow {
    // Dropped in this order: the surface and the adapter need the window.
    surface: Surface<OwnedDisplayHandle, Rc<Window>>,
    adapter: Adapter,
    pub(crate) handle: Rc<Window>,
    pub(crate) ctx: egui::Context,
    state: egui_winit::State,
    layer: Layer,
    size: (u32, u32),
    pointer: Option<FixedPointer>,
    on_top: bool,
    drawn: bool,
    /// What of the widgets was drawn and is not on the screen yet.
    undone: Option<PixelRect>,
    /// What lay beneath the widgets when they came onto the screen: a colour, and the picture's place.
    beneath: Option<(u32, Option<PixelRect>)>,
    /// Whether the widgets are to be drawn again.
    pub(crate) stale: bool,
    /// When egui wants to be drawn again without an event.
    pub(crate) repaint_at: Option<Instant>,
}

impl AppWindow {
    /// Dresses an invisible window and shows it. The accessibility adapter must exist before that.
    pub(crate) fn new<E: Send + 'static>(
        event_loop: &ActiveEventLoop,
        handle: Rc<Window>,
        context: &Context<OwnedDisplayHandle>,
        proxy: &EventLoopProxy<Wake<E>>,
        on_top: bool,
        theme: ThemeChoice,
    ) -> Result<Self, UiError> {
        let ctx = egui::Context::default();
        theme::apply(&ctx, theme);
        let scale = Some(handle.scale_factor() as f32);
        let root = egui::ViewportId::ROOT;
        let state =
            egui_winit::State::new(ctx.clone(), root, &handle, scale, handle.theme(), Some(MAX_TEXTURE_SIDE));
        let adapter = Adapter::with_event_loop_proxy(event_loop, &handle, proxy.clone());
        let surface = Surface::new(context, Rc::clone(&handle))?;
        let (repaint, id) = (proxy.clone(), handle.id());
        ctx.set_request_repaint_callback(move |info| {
            // A loop that has ended needs no repaint.
            let _ended = repaint.send_event(Wake::Repaint(id, Instant::now() + info.delay));
        });
        handle.set_visible(true);
        Ok(Self {
            surface,
            adapter,
            handle,
            ctx,
            state,
            layer: Layer::default(),
            size: (0, 0),
            pointer: None,
            on_top,
            drawn: false,
            undone: None,
            beneath: None,
            stale: false,
            repaint_at: None,
        })
    }

    /// Hands an event to the widgets; `true` when they need to be drawn again.
    pub(crate) fn widgets_event(&mut self, event: &WindowEvent, clipboard: &mut Clipboard) -> bool {
        if self.is_paste(event)
            && let Some(text) = clipboard.text()
        {
            self.state.set_clipboard_text(text);
        }
        self.state.on_window_event(&self.handle, event).repaint
    }

    /// Every event, also those the widgets do not see.
    pub(crate) fn access_event(&mut self, event: &WindowEvent) {
        self.adapter.process_event(&self.handle, event);
    }

    fn is_paste(&self, event: &WindowEvent) -> bool {
        let WindowEvent::KeyboardInput { event, .. } = event else { return false };
        let modifiers = self.state.egui_input().modifiers;
        event.state == ElementState::Pressed
            && match &event.logical_key {
                Key::Character(text) => modifiers.command && text.eq_ignore_ascii_case("v"),
                Key::Named(NamedKey::Insert) => modifiers.shift,
                Key::Named(NamedKey::Paste) => true,
                _ => false,
            }
    }

    /// Assistive technology wants to know the window. It is told at once that there is one, and by the next drawing
    /// what is in it: on Linux, windows must be announced in the order in which they were opened, or AccessKit (0.18)
    /// does not find them again, and which of two is drawn first is anybody's guess.
    pub(crate) fn begin_access(&mut self) {
        let root = egui::accesskit_root_id().accesskit_id();
        self.adapter.update_if_active(|| TreeUpdate {
            nodes: vec![(root, Node::new(Role::Window))],
            tree: Some(Tree::new(root)),
            tree_id: TreeId::ROOT,
            focus: root,
        });
        self.ctx.enable_accesskit();
    }

    /// An assistive technology's act on a widget; `false` if the widget takes the person's own hand only.
    pub(crate) fn access_action(&mut self, request: egui::accesskit::ActionRequest) -> bool {
        let allowed = !access::is_guarded(&self.ctx, request.target_node);
        if allowed {
            self.state.egui_input_mut().events.push(egui::Event::AccessKitActionRequest(request));
        }
        allowed
    }

    /// One egui pass. What it changed is on the screen after [`Self::present`].
    pub(crate) fn redraw(
        &mut self,
        draw: &mut dyn FnMut(&mut egui::Ui),
        clipboard: &mut Clipboard,
    ) -> Result<(), UiError> {
        (self.stale, self.repaint_at) = (false, None);
        if !self.fit_surface()? {
            return Ok(());
        }
        if self.on_top && !self.drawn {
            // Attributes of a window that is not mapped yet are lost on X11.
            self.handle.set_window_level(WindowLevel::AlwaysOnTop);
        }
        self.drawn = true;
        let input = self.state.take_egui_input(&self.handle);
        let ctx = self.ctx.clone();
        let output = ctx.run_ui(input, |ui| {
            access::begin_pass(ui.ctx());
            draw(ui);
        });
        let mut platform = output.platform_output;
        for command in std::mem::take(&mut platform.commands) {
            if let egui::OutputCommand::CopyText(text) = command {
                clipboard.set(text);
            }
        }
        if let Some(tree) = platform.accesskit_update.take() {
            self.adapter.update_if_active(|| tree);
        }
        self.state.handle_platform_output(&self.handle, platform);
        self.show_pointer();
        let delay =
            output.viewport_output.get(&egui::ViewportId::ROOT).map(|viewport| viewport.repaint_delay);
        self.repaint_at = delay
            .filter(|delay| *delay < Duration::from_secs(24 * 3600))
            .and_then(|delay| Instant::now().checked_add(delay));
        let scale = output.pixels_per_point;
        let changed = self.layer.draw(&ctx, self.size, output.shapes, &output.textures_delta, scale);
        self.undone = match (self.undone, changed) {
            (Some(undone), Some(changed)) => Some(undone.around(changed)),
            (undone, changed) => undone.or(changed),
        };
        Ok(())
    }

    /// Shows what changed of the widgets as last drawn and of the picture beneath, or `all` of both.
    pub(crate) fn present(&mut self, mut picture: Option<&mut Picture>, all: bool) -> Result<(), UiError> {
        if self.size.0 == 0 || !self.drawn {
            return Ok(());
        }
        let mut changed = picture.as_mut().map(|picture| picture.take_changes()).unwrap_or_default();
        changed.extend(self.undone.take());
        let background = theme::background(&self.ctx);
        let beneath = Some((background, picture.as_ref().and_then(|picture| picture.area())));
        let elsewhere = std::mem::replace(&mut self.beneath, beneath) != beneath;
        let mut buffer = self.surface.buffer_mut()?;
        let whole = PixelRect { x: 0, y: 0, width: self.size.0, height: self.size.1 };
        // Age 1 is the frame before; anything else has older or no content.
        let parts = if all || elsewhere || buffer.age() != 1 { vec![whole] } else { changed };
        let parts: Vec<_> = parts.iter().filter_map(|part| part.intersect(&whole)).collect();
        for part in &parts {
            self.layer.overlay.compose(&mut buffer, background, picture.as_deref_mut(), *part);
        }
        let damage: Vec<_> = parts.iter().filter_map(surface_rect).collect();
        if !damage.is_empty() {
            buffer.present_with_damage(&damage)?;
        }
        Ok(())
    }

    /// Gives the surface the window's size; `false` while the window has none.
    fn fit_surface(&mut self) -> Result<bool, UiError> {
        let size = self.handle.inner_size();
        let (Some(width), Some(height)) = (NonZeroU32::new(size.width), NonZeroU32::new(size.height)) else {
            return Ok(false);
        };
        if self.size != (size.width, size.height) {
            self.surface.resize(width, height)?;
            self.size = (size.width, size.height);
        }
        Ok(true)
    }

    pub(crate) fn set_pointer(&mut self, event_loop: &ActiveEventLoop, shape: PointerShape) {
        self.pointer = match shape {
            PointerShape::Widgets => None,
            PointerShape::Hidden => Some(FixedPointer::Hidden),
            PointerShape::Cross => Some(FixedPointer::Cross),
            PointerShape::Image(image) => {
                let source = CustomCursor::from_rgba(
                    straight_rgba(&image.bgra),
                    image.width,
                    image.height,
                    image.hot_x,
                    image.hot_y,
                );
                // A picture that is no valid cursor leaves the cross.
                Some(source.map_or(FixedPointer::Cross, |source| {
                    FixedPointer::Image(event_loop.create_custom_cursor(source))
                }))
            }
        };
        if self.pointer.is_none() {
            self.handle.set_cursor_visible(true);
            self.handle.set_cursor(winit::window::CursorIcon::Default);
        }
        self.show_pointer();
    }

    fn show_pointer(&self) {
        let Some(pointer) = &self.pointer else { return };
        self.handle.set_cursor_visible(!matches!(pointer, FixedPointer::Hidden));
        match pointer {
            FixedPointer::Hidden => {}
            FixedPointer::Cross => self.handle.set_cursor(winit::window::CursorIcon::Crosshair),
            FixedPointer::Image(cursor) => self.handle.set_cursor(cursor.clone()),
        }
    }
}

fn surface_rect(part: &PixelRect) -> Option<softbuffer::Rect> {
    let (width, height) = (NonZeroU32::new(part.width)?, NonZeroU32::new(part.height)?);
    Some(softbuffer::Rect { x: part.x, y: part.y, width, height })
}

/// winit takes straight alpha, X11 and the wire have it premultiplied.
fn straight_rgba(bgra: &[u8]) -> Vec<u8> {
    let straight = |channel: u8, alpha: u8| match alpha {
        0 => 0,
        alpha => (u32::from(channel) * 255 / u32::from(alpha)).min(255) as u8,
    };
    let pixels = bgra.chunks_exact(4);
    pixels
        .flat_map(|pixel| match pixel {
            [b, g, r, a] => [straight(*r, *a), straight(*g, *a), straight(*b, *a), *a],
            _ => [0; 4],
        })
        .collect()
}
