//! Real grants: made by a sharer's machine that was asked and answered, as in a session.

use std::time::Duration;

use deskside_proto::control::Control as Message;
use deskside_proto::frame::frame;
use deskside_proto::journal::Action;
use deskside_proto::shown::ScopeNote;
use deskside_proto::{PROTOCOL_VERSION, RequestId, SessionId};
use deskside_session::{
    Answer, Choice, Control, Grant, Now, Parties, Point, Policy, Revoker, Scope, See, Sharer, SharerConfig,
    SharerOutput,
};
use deskside_trust::{OperatorIdentity, SessionKey};

/// A session in which everything was allowed.
pub(crate) struct Consent {
    pub(crate) see: Grant<See>,
    pub(crate) control: Grant<Control>,
    pub(crate) point: Grant<Point>,
    pub(crate) revoker: Revoker<Control>,
    sharer: Sharer,
    now: Now,
}

impl Consent {
    pub(crate) fn given() -> Self {
        Self::within(&Scope::screen())
    }

    /// The same, as far as this.
    pub(crate) fn within(scope: &Scope) -> Self {
        let mut now = Now { monotonic: Duration::ZERO, wall_ms: 0 };
        let key = SessionKey::generate().unwrap();
        let operator = OperatorIdentity {
            name: "Olga".to_owned(),
            account: "olga".to_owned(),
            organisation: "Help".to_owned(),
            packet: "1".to_owned(),
            serial: "1".to_owned(),
            certificate_hash: [0; 32],
        };
        let config = SharerConfig {
            parties: Parties {
                session: SessionId([0; 16]),
                operator,
                operator_certificate: key.certificate().clone(),
                customer_certificate: key.certificate().clone(),
            },
            signer: key.signer().clone(),
            policy: Policy::default(),
            product: "test".to_owned(),
        };
        let mut sharer = Sharer::new(config, now);
        let tell = |sharer: &mut Sharer, message: &Message, now| {
            sharer.receive(&frame(&message.encode()).unwrap(), now);
        };
        tell(&mut sharer, &Message::Hello { version: PROTOCOL_VERSION, product: "test".to_owned() }, now);
        sharer.accept(true, now);
        let (mut see, mut control, mut point, mut revoker) = (None, None, None, None);
        for (number, action) in [(1, Action::See), (2, Action::Control), (3, Action::Point)] {
            let request = RequestId(number);
            tell(&mut sharer, &Message::Ask { request, actions: vec![action] }, now);
            sharer.answer(
                request,
                Answer::allow(Choice { scope: scope.clone(), note: ScopeNote::screen() }),
                now,
            );
            // Control rests for a moment after a question.
            now.monotonic += Duration::from_secs(1);
            sharer.tick(now);
        }
        while let Some(output) = sharer.poll() {
            match output {
                SharerOutput::SeeGranted(grant) => see = Some(grant),
                SharerOutput::ControlGranted(grant) => control = Some(grant),
                SharerOutput::PointGranted(grant) => point = Some(grant),
                SharerOutput::Started(started) => revoker = Some(started),
                _ => {}
            }
        }
        let (see, control, point) = (see.unwrap(), control.unwrap(), point.unwrap());
        Self { see, control, point, revoker: revoker.unwrap(), sharer, now }
    }

    /// The customer takes seeing back.
    pub(crate) fn revoke_see(&mut self) {
        self.sharer.revoke(Action::See, self.now);
    }
}
