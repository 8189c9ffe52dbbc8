//! The thread that decodes the sharer's picture onto the canvas from which the window shows it.

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::{io, thread};

use deskside_codec::{DecodeError, Decoder, Rect};
use deskside_proto::journal::Action;
use deskside_ui::{Canvas, PixelRect};
use tracing::warn;

use super::net::{Command, Event};

/// What the decoding thread is told, in the order of the network's events.
#[derive(Debug)]
pub enum Order {
    /// The picture has this size from this epoch on.
    Screen {
        /// Epoch.
        epoch: u32,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// The next update of the epoch.
    Update {
        /// Epoch.
        epoch: u32,
        /// Number within the epoch.
        number: u32,
        /// The codec's bytes.
        body: Vec<u8>,
    },
    /// The picture may no longer be seen.
    Forget,
}

/// The picture as both threads hold it.
#[derive(Debug, Clone)]
pub struct Shared {
    canvas: Canvas,
    shown: Arc<Mutex<Shown>>,
}

/// What was decoded since this was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shown {
    /// How many updates.
    pub updates: u64,
    /// Whether the picture is the sharer's to the last bit; unknown before the first update.
    pub exact: Option<bool>,
}

impl Shared {
    /// For the canvas of the window's picture.
    #[must_use]
    pub fn new(canvas: Canvas) -> Self {
        Self { canvas, shown: Arc::default() }
    }

    /// What came onto the canvas since this was last asked.
    #[must_use]
    pub fn take_shown(&self) -> Shown {
        let mut shown = self.lock();
        let taken = *shown;
        shown.updates = 0;
        taken
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        // Two figures have no invariant that a panic elsewhere could have broken.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a picture of this size. Whether the window is to be told.
    fn renew(&self, width: u32, height: u32) -> bool {
        *self.lock() = Shown::default();
        self.canvas.begin(width, height)
    }

    /// Copies what a decoder changed. Whether the window is to be told.
    fn copy(&self, decoder: &Decoder, changed: &[Rect]) -> bool {
        {
            let mut shown = self.lock();
            shown.updates += 1;
            shown.exact = Some(decoder.is_exact());
        }
        let rect = |r: &Rect| PixelRect { x: r.x, y: r.y, width: r.width, height: r.height };
        self.canvas.write(decoder.width(), decoder.pixels(), changed.iter().map(rect))
    }
}

/// What is still to be carried out. A new picture costs far more than the few bytes that ask for one, so that
/// a sharer's program could keep the thread filling memory: what is overtaken is never begun.
#[derive(Default)]
struct Waiting(VecDeque<Order>);

impl Waiting {
    fn add(&mut self, order: Order) {
        match order {
            Order::Forget => self.0.clear(),
            // The new size may be refused, and what is to be forgotten must be gone then as well.
            Order::Screen { .. } => self.0.retain(|earlier| matches!(earlier, Order::Forget)),
            Order::Update { .. } => {}
        }
        self.0.push_back(order);
    }

    /// The next order that nothing has overtaken. Waits for one; none when all senders are gone.
    fn next(&mut self, orders: &Receiver<Order>) -> Option<Order> {
        if self.0.is_empty() {
            self.add(orders.recv().ok()?);
        }
        orders.try_iter().for_each(|order| self.add(order));
        self.0.pop_front()
    }
}

/// The decoding thread: takes [`Order`]s, answers the network, and tells the window.
struct Decoding {
    shared: Shared,
    current: Option<(u32, Decoder)>,
}

impl Decoding {
    fn carry_out(&mut self, order: Order) -> (Option<Command>, bool) {
        match order {
            Order::Forget => {
                self.current = None;
                (None, self.shared.renew(0, 0))
            }
            Order::Screen { epoch, width, height } => match Decoder::new(width, height) {
                Ok(decoder) => {
                    self.current = Some((epoch, decoder));
                    (None, self.shared.renew(width, height))
                }
                Err(error) => (Some(self.bad(&error)), false),
            },
            Order::Update { epoch, number, body } => {
                // What an older epoch left in flight is void, and after a bad update nothing is believed.
                let Some((_, decoder)) = self.current.as_mut().filter(|(current, _)| *current == epoch)
                else {
                    return (None, false);
                };
                match decoder.apply(&body) {
                    Ok(changed) => {
                        let tell = self.shared.copy(decoder, &changed);
                        (Some(Command::Shown { epoch, number }), tell)
                    }
                    Err(error) => (Some(self.bad(&error)), false),
                }
            }
        }
    }

    /// Does some work; a mistake in it is the end of the picture, which must not stand still as if it were true, and not
    /// of the thread, which the next session needs.
    fn guarded(
        &mut self,
        work: impl FnOnce(&mut Self) -> (Option<Command>, bool),
    ) -> (Option<Command>, bool) {
        // What a panic leaves behind is thrown away below.
        panic::catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(|_| {
            self.current = None;
            let reason = "the part of the program that draws it failed";
            (Some(Command::BadPicture(reason.to_owned())), self.shared.renew(0, 0))
        })
    }

    fn bad(&mut self, error: &DecodeError) -> Command {
        warn!(%error, "the picture cannot be decoded");
        self.current = None;
        Command::BadPicture(error.to_string())
    }
}

/// A channel for the orders; the thread that carries them out is started by [`decode`].
#[must_use]
pub fn orders() -> (Sender<Order>, Receiver<Order>) {
    channel()
}

/// Sends an event of the network where it belongs: pictures to the decoding thread, the rest by `tell` to the
/// window, and what begins or ends a picture to both, in order.
pub fn route(event: Event, orders: &Sender<Order>, tell: impl FnOnce(Event)) {
    let order = match &event {
        Event::Screen { epoch, width, height } => {
            Some(Order::Screen { epoch: *epoch, width: *width, height: *height })
        }
        Event::GrantEnded { action: Action::See, .. } => Some(Order::Forget),
        _ => None,
    };
    if let Event::Update { epoch, number, body } = event {
        // The decoder ends after the network; what it no longer takes is no longer needed.
        return orders.send(Order::Update { epoch, number, body }).unwrap_or_default();
    }
    tell(event);
    if let Some(order) = order {
        orders.send(order).unwrap_or_default();
    }
}

/// Starts the decoding thread. It ends when all senders of its orders are gone. Of the orders that wait it
/// carries out only the newest [`Order::Screen`] and what came after it. `answer` takes what the
/// network is to be told, `changed` is called when the canvas has something new.
///
/// # Errors
/// What the system said, if there can be no more threads.
pub fn decode(
    orders: Receiver<Order>,
    shared: Shared,
    answer: impl Fn(Command) + Send + 'static,
    changed: impl Fn() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("decode".into()).spawn(move || {
        let mut decoding = Decoding { shared, current: None };
        let mut waiting = Waiting::default();
        while let Some(order) = waiting.next(&orders) {
            let (command, tell) = decoding.guarded(|decoding| decoding.carry_out(order));
            // The picture is on its way to the window before the next one is asked for.
            if tell {
                changed();
            }
            if let Some(command) = command {
                answer(command);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use deskside_codec::{Encoder, FrameView};

    use super::*;

    const SIDE: (u32, u32) = (200, 100);

    /// Updates of a whole picture in one colour.
    fn updates(colour: u8) -> Vec<Vec<u8>> {
        let data = vec![colour; (SIDE.0 * SIDE.1 * 4) as usize];
        let view = FrameView::new(SIDE.0, SIDE.1, SIDE.0 as usize * 4, &data).unwrap();
        let mut encoder = Encoder::new(SIDE.0, SIDE.1).unwrap();
        encoder.mark(&[Rect::new(0, 0, SIDE.0, SIDE.1)]);
        let mut updates = Vec::new();
        while let Some(update) = encoder.next_update(&view, 1000, None).unwrap() {
            updates.push(update);
        }
        updates
    }

    fn begin(epoch: u32) -> Order {
        Order::Screen { epoch, width: SIDE.0, height: SIDE.1 }
    }

    /// Runs the thread over these orders and gives what it answered and how often it told the window.
    fn run(shared: &Shared, list: Vec<Order>) -> (Vec<Command>, usize) {
        let (sender, receiver) = orders();
        let (answers, answered) = channel();
        let (tells, told) = channel();
        let thread = decode(
            receiver,
            shared.clone(),
            move |command| answers.send(command).unwrap(),
            move || tells.send(()).unwrap(),
        );
        for order in list {
            sender.send(order).unwrap();
        }
        drop(sender);
        thread.unwrap().join().unwrap();
        (answered.iter().collect(), told.iter().count())
    }

    fn shared() -> Shared {
        Shared::new(Canvas::default())
    }

    fn pixels(shared: &Shared) -> ((u32, u32), Vec<u32>) {
        shared.canvas.look(|width, height, pixels| ((width, height), pixels.to_vec()))
    }

    #[test]
    fn updates_are_decoded_in_order_acknowledged_and_told_once() {
        let shared = shared();
        let bodies = updates(0x7f);
        let expected = bodies.len();
        let mut list = vec![begin(3)];
        list.extend(bodies.into_iter().zip(0..).map(|(body, number)| Order::Update {
            epoch: 3,
            number,
            body,
        }));
        let (commands, told) = run(&shared, list);
        assert_eq!(told, 1, "nothing was taken in between");
        for (number, command) in (0..).zip(&commands) {
            assert!(matches!(command, Command::Shown { epoch: 3, number: n } if *n == number), "{command:?}");
        }
        assert_eq!(commands.len(), expected);
        assert_eq!(shared.take_shown(), Shown { updates: expected as u64, exact: Some(true) });
        assert_eq!(shared.take_shown().updates, 0, "what was taken is not counted again");
        let (size, pixels) = pixels(&shared);
        assert_eq!(size, SIDE);
        assert!(pixels.iter().all(|pixel| *pixel == 0x007f_7f7f));
    }

    #[test]
    fn an_older_epoch_is_void() {
        let shared = shared();
        let body = updates(1).remove(0);
        let late = Order::Update { epoch: 1, number: 0, body };
        let (commands, _) = run(&shared, vec![begin(1), begin(2), late]);
        assert!(commands.is_empty());
        assert!(pixels(&shared).1.iter().all(|pixel| *pixel == 0));
    }

    /// Each size that is carried out is refused here, so that each would be answered.
    #[test]
    fn sizes_and_updates_that_are_overtaken_while_they_wait_are_never_begun() {
        let shared = shared();
        let (sender, receiver) = orders();
        let (answers, answered) = channel();
        let (release, gate) = channel::<()>();
        let answer = move |command| {
            answers.send(command).unwrap();
            // Once the gate is gone, nothing is held up any more.
            let _open = gate.recv();
        };
        let thread = decode(receiver, shared.clone(), answer, || {}).unwrap();
        let update = |epoch| Order::Update { epoch, number: 0, body: updates(9).remove(0) };
        sender.send(begin(1)).unwrap();
        sender.send(update(1)).unwrap();
        let first = answered.recv().unwrap();
        assert!(matches!(first, Command::Shown { epoch: 1, .. }), "{first:?}");
        // The thread is held in its answer, and these wait.
        sender.send(update(1)).unwrap();
        for epoch in 2..1000 {
            sender.send(Order::Screen { epoch, width: 1 << 20, height: 1 << 20 }).unwrap();
        }
        sender.send(begin(1000)).unwrap();
        sender.send(update(1000)).unwrap();
        drop((sender, release));
        thread.join().unwrap();
        let rest: Vec<Command> = answered.iter().collect();
        assert!(matches!(rest[..], [Command::Shown { epoch: 1000, number: 0 }]), "{rest:?}");
        assert!(pixels(&shared).1.contains(&0x0009_0909));
    }

    #[test]
    fn what_is_overtaken_leaves_no_more_than_one_order_to_forget_before_the_newest_size() {
        let mut waiting = Waiting::default();
        for epoch in 0..100 {
            waiting.add(begin(epoch));
            waiting.add(Order::Update { epoch, number: 0, body: vec![] });
            waiting.add(Order::Forget);
            waiting.add(begin(epoch));
        }
        let left: Vec<Order> = waiting.0.into();
        assert!(matches!(left[..], [Order::Forget, Order::Screen { epoch: 99, .. }]), "{left:?}");
    }

    #[test]
    fn a_bad_update_or_size_is_reported_once_and_nothing_after_it_is_believed() {
        let shared = shared();
        let bad = |number| Order::Update { epoch: 1, number, body: vec![0xff; 40] };
        let (commands, _) = run(&shared, vec![begin(1), bad(0), bad(1)]);
        assert!(matches!(&commands[..], [Command::BadPicture(_)]), "{commands:?}");
        let huge = Order::Screen { epoch: 1, width: 1 << 20, height: 1 << 20 };
        let (commands, _) = run(&shared, vec![huge]);
        assert!(matches!(&commands[..], [Command::BadPicture(_)]), "{commands:?}");
    }

    #[test]
    fn a_mistake_ends_the_picture_and_not_the_thread() {
        let shared = shared();
        let mut decoding = Decoding { shared: shared.clone(), current: None };
        let body = |colour| updates(colour).remove(0);
        decoding.carry_out(begin(1));
        decoding.carry_out(Order::Update { epoch: 1, number: 0, body: body(0x55) });
        assert!(pixels(&shared).1.contains(&0x0055_5555));
        let (command, _) = decoding.guarded(|_| panic!("a mistake, for this test"));
        assert!(matches!(command, Some(Command::BadPicture(_))), "{command:?}");
        assert_eq!(pixels(&shared), ((0, 0), vec![]));
        decoding.carry_out(begin(2));
        decoding.carry_out(Order::Update { epoch: 2, number: 0, body: body(0x66) });
        assert!(pixels(&shared).1.contains(&0x0066_6666));
    }

    #[test]
    fn what_may_no_longer_be_seen_is_not_kept() {
        let shared = shared();
        let body = updates(0x55).remove(0);
        let _ = run(&shared, vec![begin(1), Order::Update { epoch: 1, number: 0, body }, Order::Forget]);
        assert_eq!(pixels(&shared), ((0, 0), vec![]));
    }
}
