//! The line of one running session: control and input on their way out, and what the relay says of the other leg.

use std::future::pending;
use std::time::Duration;

use deskside_proto::picture::STREAM_INPUT;
use deskside_session::Now;
use quinn::{Connection, ConnectionError, SendStream};

use crate::clock::Clock;
use crate::leg::Leg;
use crate::streams::{PRIORITY_CONTROL, Stuck, Writer};
use crate::tunnel::Notice;
use crate::{Quality, end_to_end};

/// How long the close frame may take to leave; a dead path must not keep the program.
const GOODBYE: Duration = Duration::from_millis(500);

pub(crate) struct Line {
    connection: Connection,
    leg: Leg,
    clock: Clock,
    /// The relay has said that the other party, or the leg itself, is gone.
    is_cut: bool,
    control: Writer,
    input: Writer,
}

impl Line {
    /// Opens this end's input stream beside the control stream. Either party has one: the viewer of the customer's
    /// screen, and the viewer of a demonstration.
    pub(crate) async fn open(
        connection: Connection,
        leg: Leg,
        clock: Clock,
        control: SendStream,
    ) -> Result<Self, ConnectionError> {
        let input = connection.open_uni().await?;
        for stream in [&control, &input] {
            // Fails only on a stream that is closed; these were just opened.
            stream.set_priority(PRIORITY_CONTROL).unwrap_or_default();
        }
        let (control, input) = (Writer::spawn(control), Writer::spawn(input));
        // The stream exists for the peer only once it carries something. The first byte always finds room.
        input.send(vec![STREAM_INPUT]).unwrap_or_default();
        Ok(Self { connection, leg, clock, is_cut: false, control, input })
    }

    pub(crate) fn now(&self) -> Now {
        self.clock.now()
    }

    pub(crate) fn send(&self, bytes: Vec<u8>) -> Result<(), Stuck> {
        self.control.send(bytes)
    }

    pub(crate) fn send_input(&self, bytes: Vec<u8>) -> Result<(), Stuck> {
        self.input.send(bytes)
    }

    /// Hears what the relay says, until the connection is cut.
    pub(crate) async fn watch(&mut self) {
        if self.is_cut {
            return pending().await;
        }
        match self.leg.notices.recv().await {
            Some(Notice::Peer(true)) => {}
            // What has arrived is still read to its end, a seal perhaps; then the readers end, which is the loss.
            Some(Notice::Peer(false) | Notice::Closed) | None => {
                self.is_cut = true;
                self.connection.close(0u32.into(), b"the other leg is gone");
            }
        }
    }

    pub(crate) fn quality(&self) -> Quality {
        end_to_end::quality(&self.connection, self.leg.paths.is_over_udp())
    }

    /// Sends what is left and closes the connection.
    pub(crate) async fn finish(self) {
        tokio::join!(self.control.finish(), self.input.finish());
        self.connection.close(0u32.into(), b"the session is over");
        tokio::time::timeout(GOODBYE, self.leg.endpoint.wait_idle()).await.ok();
    }
}
