//! A desktop as a screen reader sees it: the AT-SPI tree, for reading and for finding places. A person acts
//! by hand; [`Accessibility::act`] is what somebody does who drives the tree by a program.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures_lite::future::block_on;
use zbus::Connection;
use zbus::names::OwnedBusName;
use zbus::zvariant::{DynamicType, OwnedObjectPath, OwnedValue};

use crate::picture::Rect;
use crate::wait::wait_for;

const ACCESSIBLE: &str = "org.a11y.atspi.Accessible";
const COMPONENT: &str = "org.a11y.atspi.Component";
const TEXT: &str = "org.a11y.atspi.Text";
/// Deeper trees than this are broken ones.
const MAX_DEPTH: usize = 40;
/// `ATSPI_STATE_*`, by number.
const STATE_FOCUSED: u32 = 12;
const STATE_SHOWING: u32 = 25;

/// Where an accessible object lives: its program's name on the bus, and its path there.
type Reference = (OwnedBusName, OwnedObjectPath);

/// A part of a window.
#[derive(Debug, Clone)]
pub struct Widget {
    /// What it is called: the text on a button, or its label.
    pub name: String,
    /// `ATSPI_ROLE_*`: 43 is a push button, 29 a label, 79 an entry.
    pub role: u32,
    /// Its text, where it has one.
    pub text: String,
    /// Its place on the display; `None` when it has none.
    pub rect: Option<Rect>,
    /// Whether keys go to it.
    pub focused: bool,
    /// Whether it is on the screen.
    pub showing: bool,
    reference: Reference,
}

impl Widget {
    /// Name and text in one, for searching.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {}", self.name, self.text)
    }
}

/// The accessibility bus of one desktop.
#[derive(Debug)]
pub struct Accessibility {
    bus: Connection,
    // The switch stays on while the connection that threw it lives.
    _session: Connection,
}

impl Accessibility {
    pub(crate) fn switch_on(session_bus: &str) -> Result<Self> {
        block_on(async {
            let session = connect(session_bus).await.context("cannot join the session bus")?;
            let place = ("org.a11y.Bus", "/org/a11y/bus");
            for property in ["IsEnabled", "ScreenReaderEnabled"] {
                let value = zbus::zvariant::Value::from(true);
                call(
                    &session,
                    place,
                    "org.freedesktop.DBus.Properties",
                    "Set",
                    &("org.a11y.Status", property, value),
                )
                .await?;
            }
            let address: String =
                call(&session, place, "org.a11y.Bus", "GetAddress", &()).await?.body().deserialize()?;
            let bus = connect(&address).await.context("cannot join the accessibility bus")?;
            Ok(Self { bus, _session: session })
        })
    }

    /// All parts of the windows of the program whose process number this is, in the order of its tree.
    ///
    /// # Errors
    /// When the bus is gone. A program that is not there has no parts.
    pub fn widgets(&self, process: u32) -> Result<Vec<Widget>> {
        block_on(async {
            let mut widgets = Vec::new();
            let registry = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root");
            let programs: Vec<Reference> =
                call(&self.bus, registry, ACCESSIBLE, "GetChildren", &()).await?.body().deserialize()?;
            for program in programs {
                if self.process(&program).await.is_ok_and(|found| found == process) {
                    self.collect(program, &mut widgets).await;
                }
            }
            Ok(widgets)
        })
    }

    /// The first part that `wanted` accepts, waiting for it to be there.
    ///
    /// # Errors
    /// When it is not there in time; the message lists what is.
    pub fn find(
        &self,
        process: u32,
        what: &str,
        deadline: Duration,
        wanted: impl Fn(&Widget) -> bool,
    ) -> Result<Widget> {
        let mut seen = Vec::new();
        let found = wait_for(what, deadline, || {
            seen = self.widgets(process)?;
            Ok(seen.iter().find(|widget| wanted(widget)).cloned())
        });
        found.with_context(|| {
            let list: Vec<String> =
                seen.iter().map(|widget| format!("{} “{}”", widget.role, widget.words().trim())).collect();
            format!("on the screen: {}", list.join(", "))
        })
    }

    /// Does a part's first action, which for a button is pressing it; gives whether the program took it.
    ///
    /// # Errors
    /// When the part is gone or has no action.
    pub fn act(&self, widget: &Widget) -> Result<bool> {
        let place = (widget.reference.0.as_str(), widget.reference.1.as_str());
        let done = block_on(call(&self.bus, place, "org.a11y.atspi.Action", "DoAction", &0_i32))?;
        Ok(done.body().deserialize()?)
    }

    async fn process(&self, program: &Reference) -> Result<u32> {
        let bus = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
        let name = program.0.as_str();
        Ok(call(&self.bus, bus, "org.freedesktop.DBus", "GetConnectionUnixProcessID", &name)
            .await?
            .body()
            .deserialize()?)
    }

    /// Walks a tree depth first. Parts come and go meanwhile: one that vanishes is left out.
    async fn collect(&self, root: Reference, widgets: &mut Vec<Widget>) {
        let mut waiting = vec![(root, 0_usize)];
        while let Some((reference, depth)) = waiting.pop() {
            if let Ok(widget) = self.describe(&reference).await {
                widgets.push(widget);
            }
            let children = self.children(&reference).await.unwrap_or_default();
            if depth < MAX_DEPTH {
                waiting.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
            }
        }
    }

    async fn children(&self, (name, path): &Reference) -> Result<Vec<Reference>> {
        let place = (name.as_str(), path.as_str());
        Ok(call(&self.bus, place, ACCESSIBLE, "GetChildren", &()).await?.body().deserialize()?)
    }

    async fn describe(&self, (name, path): &Reference) -> Result<Widget> {
        let place = (name.as_str(), path.as_str());
        let role = call(&self.bus, place, ACCESSIBLE, "GetRole", &()).await?.body().deserialize()?;
        let states: Vec<u32> =
            call(&self.bus, place, ACCESSIBLE, "GetState", &()).await?.body().deserialize()?;
        let state = |bit: u32| states.get(bit as usize / 32).is_some_and(|word| word >> (bit % 32) & 1 == 1);
        let label =
            call(&self.bus, place, "org.freedesktop.DBus.Properties", "Get", &(ACCESSIBLE, "Name")).await?;
        let label: OwnedValue = label.body().deserialize()?;
        // 0: on the screen, not in the window. A part without a place or a text says so by an error.
        let extents = call(&self.bus, place, COMPONENT, "GetExtents", &0_u32).await;
        let rect = match extents.map(|reply| reply.body().deserialize::<((i32, i32, i32, i32),)>()) {
            Ok(Ok(((x, y, width, height),))) => rect(x, y, width, height),
            _ => None,
        };
        let text = match call(&self.bus, place, TEXT, "GetText", &(0_i32, -1_i32)).await {
            Ok(reply) => reply.body().deserialize().unwrap_or_default(),
            Err(_) => String::new(),
        };
        Ok(Widget {
            reference: (name.clone(), path.clone()),
            name: String::try_from(label).unwrap_or_default(),
            role,
            text,
            rect,
            focused: state(STATE_FOCUSED),
            showing: state(STATE_SHOWING),
        })
    }
}

fn rect(x: i32, y: i32, width: i32, height: i32) -> Option<Rect> {
    let rect = Rect {
        x: u32::try_from(x).ok()?,
        y: u32::try_from(y).ok()?,
        width: u32::try_from(width).ok()?,
        height: u32::try_from(height).ok()?,
    };
    (rect.width != 0 && rect.height != 0).then_some(rect)
}

async fn connect(address: &str) -> Result<Connection> {
    if address.is_empty() {
        bail!("a bus without address");
    }
    Ok(zbus::connection::Builder::address(address)?.build().await?)
}

async fn call(
    bus: &Connection,
    (name, path): (&str, &str),
    interface: &str,
    method: &str,
    arguments: &(impl serde::Serialize + DynamicType),
) -> Result<zbus::Message> {
    let reply = bus.call_method(Some(name), path, Some(interface), method, arguments).await;
    reply.with_context(|| format!("{interface}.{method} of {name}{path}"))
}
