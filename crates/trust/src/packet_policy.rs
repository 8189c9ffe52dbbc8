//! What an organisation forbids in its packet, whatever operators ask and customers would allow.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::time::Duration;

use deskside_proto::journal::Action;

use crate::DescriptorError;

/// Most actions that are forbidden; numbers that this version does not know are kept.
const MAX_FORBIDDEN: usize = 32;

/// It can take actions away and shorten times, and nothing else: there is no field that could allow anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PacketPolicy {
    /// Numbers of actions, as in [`Action::number`], that are refused without a question.
    forbidden: BTreeSet<u32>,
    /// No grant lasts longer than so many minutes.
    longest_minutes: Option<NonZeroU16>,
}

impl PacketPolicy {
    /// Forbids these actions, and grants longer than so many minutes.
    #[must_use]
    pub fn new(forbidden: impl IntoIterator<Item = Action>, longest_minutes: Option<NonZeroU16>) -> Self {
        Self { forbidden: forbidden.into_iter().map(Action::number).collect(), longest_minutes }
    }

    /// The actions of this version that are forbidden.
    #[must_use]
    pub fn forbidden(&self) -> BTreeSet<Action> {
        Action::ALL.into_iter().filter(|action| self.forbidden.contains(&action.number())).collect()
    }

    /// The longest time of a grant.
    #[must_use]
    pub fn longest(&self) -> Option<Duration> {
        self.longest_minutes.map(|minutes| Duration::from_secs(60 * u64::from(minutes.get())))
    }

    pub(crate) fn encode(&self) -> (Vec<u32>, u32) {
        let minutes = self.longest_minutes.map_or(0, |minutes| u32::from(minutes.get()));
        (self.forbidden.iter().copied().collect(), minutes)
    }

    pub(crate) fn decode(forbidden: Vec<u32>, minutes: u32) -> Result<Self, DescriptorError> {
        if MAX_FORBIDDEN < forbidden.len() {
            return Err(DescriptorError::Field("list of forbidden actions"));
        }
        let minutes =
            u16::try_from(minutes).map_err(|_| DescriptorError::Field("longest time of a grant"))?;
        Ok(Self { forbidden: forbidden.into_iter().collect(), longest_minutes: NonZeroU16::new(minutes) })
    }
}
