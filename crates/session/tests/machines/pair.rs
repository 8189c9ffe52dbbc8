//! A sharer and a viewer joined by simulated streams: latency, streams that overtake each other, and an
//! end of the line, all in virtual time and from one seed.

use std::collections::BTreeMap;
use std::time::Duration;

use deskside_proto::SessionId;
use deskside_proto::frame::Deframer;
use deskside_proto::picture::UpdateHeader;
use deskside_session::{
    Now, Parties, Policy, Sharer, SharerConfig, SharerOutput, Viewer, ViewerConfig, ViewerOutput,
};
use deskside_trust::crypto::sha256;
use deskside_trust::{OperatorIdentity, SessionKey};

/// A small generator of numbers, so that a seed is a whole run.
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What is on its way.
enum Flight {
    ToSharer(Vec<u8>),
    ToViewer(Vec<u8>),
    Input(Vec<u8>),
    Update(UpdateHeader, Vec<u8>),
}

pub(crate) struct Pair {
    pub(crate) sharer: Sharer,
    pub(crate) viewer: Viewer,
    /// What the machines wanted done, beside sending.
    pub(crate) sharer_did: Vec<SharerOutput>,
    pub(crate) viewer_did: Vec<ViewerOutput>,
    pub(crate) now: Now,
    pub(crate) latency_ms: (u64, u64),
    pub(crate) seeded: Seeded,
    flights: BTreeMap<(Duration, u64), Flight>,
    launched: u64,
    last: [Duration; 3],
    input: Deframer,
}

pub(crate) const SESSION: SessionId = SessionId([7; 16]);
pub(crate) const OPERATOR: &str = "Olga Nilsen";

/// Both configurations, as the handshake would have proven them.
pub(crate) fn configs() -> (SharerConfig, ViewerConfig) {
    let customer = SessionKey::generate().unwrap();
    let operator = SessionKey::generate().unwrap();
    let identity = OperatorIdentity {
        name: OPERATOR.into(),
        account: "olga".into(),
        organisation: "Example Help".into(),
        packet: "packet-1".into(),
        serial: "01".into(),
        certificate_hash: sha256(&[operator.certificate()]),
    };
    let parties = Parties {
        session: SESSION,
        operator: identity,
        operator_certificate: operator.certificate().clone(),
        customer_certificate: customer.certificate().clone(),
    };
    let sharer = SharerConfig {
        parties: parties.clone(),
        signer: customer.signer().clone(),
        policy: Policy::default(),
        product: "test".into(),
    };
    let viewer = ViewerConfig { parties, signer: operator.signer().clone(), product: "test".into() };
    (sharer, viewer)
}

pub(crate) fn at(ms: u64) -> Now {
    Now { monotonic: Duration::from_millis(ms), wall_ms: 1_800_000_000_000 + i64::try_from(ms).unwrap() }
}

impl Pair {
    /// Two machines that have just been connected.
    pub(crate) fn new(seed: u64) -> Self {
        let (sharer, viewer) = configs();
        let now = at(0);
        let mut pair = Self {
            sharer: Sharer::new(sharer, now),
            viewer: Viewer::new(viewer, now),
            sharer_did: Vec::new(),
            viewer_did: Vec::new(),
            now,
            latency_ms: (10, 50),
            seeded: Seeded::new(seed),
            flights: BTreeMap::new(),
            launched: 0,
            last: [Duration::ZERO; 3],
            input: Deframer::default(),
        };
        pair.run_ms(300);
        pair
    }

    /// A pair whose session has begun.
    pub(crate) fn accepted(seed: u64) -> Self {
        let mut pair = Self::new(seed);
        pair.sharer.accept(true, pair.now);
        pair.run_ms(300);
        pair
    }

    /// Hands an update to the line on a stream of its own, which may overtake others.
    pub(crate) fn send_update(&mut self, header: UpdateHeader, body: Vec<u8>) {
        self.launch(None, Flight::Update(header, body));
    }

    fn launch(&mut self, stream: Option<usize>, flight: Flight) {
        let (least, most) = self.latency_ms;
        let delay = least + self.seeded.below(most - least + 1);
        let mut due = self.now.monotonic + Duration::from_millis(delay);
        if let Some(stream) = stream {
            due = due.max(self.last[stream]);
            self.last[stream] = due;
        }
        self.launched += 1;
        self.flights.insert((due, self.launched), flight);
    }

    fn collect(&mut self) {
        while let Some(output) = self.sharer.poll() {
            match output {
                SharerOutput::Send(bytes) => self.launch(Some(0), Flight::ToViewer(bytes)),
                other => self.sharer_did.push(other),
            }
        }
        while let Some(output) = self.viewer.poll() {
            match output {
                ViewerOutput::Send(bytes) => self.launch(Some(1), Flight::ToSharer(bytes)),
                ViewerOutput::SendInput(bytes) => self.launch(Some(2), Flight::Input(bytes)),
                other => self.viewer_did.push(other),
            }
        }
    }

    /// Lets so much time pass.
    pub(crate) fn run_ms(&mut self, ms: u64) {
        for _ in 0..ms {
            self.collect();
            let millisecond = Duration::from_millis(1);
            self.now = Now { monotonic: self.now.monotonic + millisecond, wall_ms: self.now.wall_ms + 1 };
            while let Some(entry) = self.flights.first_entry() {
                if entry.key().0 > self.now.monotonic {
                    break;
                }
                match entry.remove() {
                    Flight::ToSharer(bytes) => self.sharer.receive(&bytes, self.now),
                    Flight::ToViewer(bytes) => self.viewer.receive(&bytes, self.now),
                    Flight::Update(header, body) => self.viewer.receive_update(header, body, self.now),
                    Flight::Input(bytes) => {
                        self.input.push(&bytes);
                        while let Some(message) = self.input.next_message().unwrap() {
                            let message = message.to_vec();
                            self.sharer.receive_input(&message, self.now).unwrap();
                        }
                    }
                }
                self.collect();
            }
            self.sharer.tick(self.now);
            self.viewer.tick(self.now);
        }
        self.collect();
    }

    /// Everything the sharer's machine has wanted done since the last call.
    pub(crate) fn take_sharer(&mut self) -> Vec<SharerOutput> {
        std::mem::take(&mut self.sharer_did)
    }

    /// Everything the viewer's machine has wanted done since the last call.
    pub(crate) fn take_viewer(&mut self) -> Vec<ViewerOutput> {
        std::mem::take(&mut self.viewer_did)
    }
}
