//! The operator's end of a session: the viewer who helps and, once the customer has allowed a demonstration, the
//! sharer of a screen of their own. Both speak over one control stream.

use std::time::Duration;

use deskside_proto::GrantId;
use deskside_proto::control::Control as Message;
use deskside_proto::journal::{Action, Verdict};
use deskside_trust::Signer;

use crate::parties::{Direction, Parties};
use crate::{Now, Policy, Sharer, SharerOutput, Viewer, ViewerConfig, ViewerOutput};

/// What the driver of an operator's end has to do.
#[derive(Debug)]
pub enum OperatorOutput {
    /// Of the customer's screen.
    Help(ViewerOutput),
    /// Of the operator's own.
    Demonstration(SharerOutput),
}

/// The operator's end.
#[derive(Debug)]
pub struct OperatorEnd {
    parties: Parties,
    signer: Signer,
    policy: Policy,
    /// The customer's screen.
    pub help: Viewer,
    /// The operator's own, once that was allowed.
    pub demonstration: Option<Sharer>,
    /// The living permission to show it, and the last request before it.
    allowed: Option<(GrantId, u32)>,
}

impl OperatorEnd {
    /// Begins when the end-to-end handshake is done. `policy` is what the organisation forbids; it binds what can be
    /// done on the operator's screen as well.
    #[must_use]
    pub fn new(config: ViewerConfig, policy: Policy, now: Now) -> Self {
        let (parties, signer) = (config.parties.clone(), config.signer.clone());
        let help = Viewer::new(config, now);
        Self { parties, signer, policy, help, demonstration: None, allowed: None }
    }

    /// What is to be done next. Also to be asked after every call of a machine.
    pub fn poll(&mut self, now: Now) -> Option<OperatorOutput> {
        self.follow_the_end(now);
        while let Some(output) = self.help.poll() {
            match output {
                ViewerOutput::Demonstration(message) => self.receive(&message, now),
                output => {
                    self.heed(&output, now);
                    return Some(OperatorOutput::Help(output));
                }
            }
        }
        self.give_back_what_is_used_up();
        Some(OperatorOutput::Demonstration(self.demonstration.as_mut()?.poll()?))
    }

    /// Whether everything is done and the connection may close.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.help.is_over() && self.demonstration.as_ref().is_none_or(Sharer::is_over)
    }

    /// When [`OperatorEnd::tick`] must be called at the latest.
    #[must_use]
    pub fn deadline(&self, now: Now) -> Option<Duration> {
        let demonstration = self.demonstration.as_ref().and_then(|sharer| sharer.deadline(now));
        self.help.deadline().into_iter().chain(demonstration).min()
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Now) {
        self.help.tick(now);
        if let Some(demonstration) = &mut self.demonstration {
            demonstration.tick(now);
        }
    }

    /// The connection is gone: whatever is missing of the goodbye will not come.
    pub fn connection_lost(&mut self, now: Now) {
        self.help.connection_lost();
        if let Some(demonstration) = &mut self.demonstration {
            demonstration.connection_lost(now);
        }
    }

    fn receive(&mut self, message: &[u8], now: Now) {
        if let Some(demonstration) = &mut self.demonstration {
            demonstration.tick(now);
            demonstration.take(Message::decode(message), now);
        }
    }

    /// The own screen can be asked for while the customer allows a demonstration, and is not shown longer.
    fn heed(&mut self, output: &ViewerOutput, now: Now) {
        match output {
            ViewerOutput::Answered {
                action: Action::Demonstrate, verdict: Verdict::Allowed(grant), ..
            } => {
                let Some(follows) = self.help.demonstration_follows() else { return };
                let demonstration = self.demonstration.get_or_insert_with(|| {
                    let direction = Direction::demonstration(self.parties.clone(), follows);
                    Sharer::demonstration(direction, self.signer.clone(), self.policy.clone(), now)
                });
                demonstration.open_up();
                self.allowed = Some((*grant, demonstration.last_request()));
            }
            ViewerOutput::GrantEnded { action: Action::Demonstrate, .. } => {
                self.allowed = None;
                if let Some(demonstration) = &mut self.demonstration {
                    demonstration.close_down(now);
                }
            }
            _ => {}
        }
    }

    /// The operator shows nothing (any more) under the customer's permission: the next time is asked for again.
    fn give_back_what_is_used_up(&mut self) {
        let Some(demonstration) = self.demonstration.as_ref().filter(|sharer| sharer.is_idle()) else {
            return;
        };
        let last = demonstration.last_request();
        // A request that was refused without a question counts as well.
        if let Some((grant, _)) = self.allowed.take_if(|(_, before)| *before < last) {
            self.help.give_back(grant);
        }
    }

    /// Each ends with the other: a demonstration by itself only because the other program broke the rules.
    fn follow_the_end(&mut self, now: Now) {
        let Some(demonstration) = &mut self.demonstration else { return };
        match (self.help.ended(), demonstration.ended()) {
            (Some(reason), None) => demonstration.end(reason, now),
            (None, Some(reason)) => self.help.end(reason, now),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}
