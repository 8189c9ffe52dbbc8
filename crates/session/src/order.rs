//! Puts picture updates, which arrive on a stream each, back in order, and refuses those of an old epoch.

use std::collections::BTreeMap;

use deskside_proto::picture::UpdateHeader;
use thiserror::Error;

/// Most updates that may wait for an earlier one.
const MAX_WAITING: usize = 256;
/// Most bytes that may wait for an earlier one.
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;

/// Why the sharer's updates cannot be put in order. The sharer is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OrderError {
    /// More is waiting than an honest sharer, who is paced by acknowledgements, can have under way.
    #[error("too many picture updates are waiting for an earlier one")]
    TooManyWaiting,
    /// The same update came twice.
    #[error("picture update {number} of epoch {epoch} came twice")]
    Twice {
        /// Epoch.
        epoch: u32,
        /// Number.
        number: u32,
    },
}

/// The reordering buffer. An update of a newer epoch waits for the control stream to announce that epoch;
/// one of an older epoch is dropped, however late it comes.
#[derive(Debug, Default)]
pub struct PictureOrder {
    epoch: Option<u32>,
    next: u32,
    waiting: BTreeMap<(u32, u32), Vec<u8>>,
    waiting_bytes: usize,
}

impl PictureOrder {
    /// A new epoch was announced: everything older is void.
    pub fn begin(&mut self, epoch: u32) {
        self.epoch = Some(epoch);
        self.next = 0;
        self.waiting = self.waiting.split_off(&(epoch, 0));
        self.waiting_bytes = self.waiting.values().map(Vec::len).sum();
    }

    /// Takes an update as it arrived.
    ///
    /// # Errors
    /// [`OrderError`] ends the session.
    pub fn push(&mut self, header: UpdateHeader, body: Vec<u8>) -> Result<(), OrderError> {
        let UpdateHeader { epoch, number } = header;
        if self.epoch.is_some_and(|current| epoch < current) {
            return Ok(());
        }
        let is_past = self.epoch == Some(epoch) && number < self.next;
        if is_past || self.waiting.contains_key(&(epoch, number)) {
            return Err(OrderError::Twice { epoch, number });
        }
        self.waiting_bytes += body.len();
        if self.waiting.len() == MAX_WAITING || self.waiting_bytes > MAX_WAITING_BYTES {
            return Err(OrderError::TooManyWaiting);
        }
        self.waiting.insert((epoch, number), body);
        Ok(())
    }

    /// The next update whose turn it is.
    pub fn pop(&mut self) -> Option<(UpdateHeader, Vec<u8>)> {
        let header = UpdateHeader { epoch: self.epoch?, number: self.next };
        let body = self.waiting.remove(&(header.epoch, header.number))?;
        self.waiting_bytes -= body.len();
        self.next += 1;
        Some((header, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(epoch: u32, number: u32) -> UpdateHeader {
        UpdateHeader { epoch, number }
    }

    fn drain(order: &mut PictureOrder) -> Vec<(u32, u32)> {
        std::iter::from_fn(|| order.pop()).map(|(h, _)| (h.epoch, h.number)).collect()
    }

    #[test]
    fn updates_come_out_in_order_whatever_order_they_arrive_in() {
        let mut order = PictureOrder::default();
        order.begin(1);
        for number in [2, 0, 3, 1] {
            order.push(header(1, number), vec![0]).unwrap();
        }
        assert_eq!(drain(&mut order), [(1, 0), (1, 1), (1, 2), (1, 3)]);
    }

    #[test]
    fn an_update_that_overtakes_its_announcement_waits_for_it() {
        let mut order = PictureOrder::default();
        order.begin(1);
        order.push(header(2, 0), vec![0]).unwrap();
        assert_eq!(drain(&mut order), []);
        order.begin(2);
        assert_eq!(drain(&mut order), [(2, 0)]);
    }

    #[test]
    fn t30_a_late_update_of_an_older_epoch_is_dropped() {
        let mut order = PictureOrder::default();
        order.begin(1);
        order.push(header(1, 1), vec![0]).unwrap();
        order.begin(2);
        order.push(header(1, 0), vec![0]).unwrap();
        order.push(header(2, 0), vec![0]).unwrap();
        assert_eq!(drain(&mut order), [(2, 0)]);
        assert_eq!(order.waiting_bytes, 0);
    }

    #[test]
    fn repeats_and_floods_are_refused() {
        let mut order = PictureOrder::default();
        order.begin(1);
        order.push(header(1, 0), vec![0]).unwrap();
        assert!(order.pop().is_some());
        assert_eq!(order.push(header(1, 0), vec![0]), Err(OrderError::Twice { epoch: 1, number: 0 }));
        let flooded = (1..=1000).find_map(|number| order.push(header(1, number + 1), vec![0]).err());
        assert_eq!(flooded, Some(OrderError::TooManyWaiting));
        let mut order = PictureOrder::default();
        assert_eq!(order.push(header(7, 0), vec![0; MAX_WAITING_BYTES + 1]), Err(OrderError::TooManyWaiting));
    }
}
