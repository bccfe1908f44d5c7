use core::net::SocketAddr;
use std::collections::VecDeque;

use zentalk_ice_nat::relays::{Relays, RelaysOutput, StreamInput};
use zentalk_primitives::Instant;

use super::io::Output;

/// Allocations of calls that are over, until their TURN servers know it or have had their time.
#[derive(Default)]
pub(super) struct Leaving {
    calls: Vec<Relays>,
}

/// Calls that leave at once; of more, the servers hear by the end of the allocations' lifetime.
const MAX_LEAVING: usize = 4;

impl Leaving {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Releases what a call had.
    pub(super) fn release(&mut self, now: Instant, mut relays: Relays) {
        relays.release(now);
        if self.calls.len() < MAX_LEAVING {
            self.calls.push(relays);
        }
    }

    /// Whether a datagram was from one of their servers.
    pub(super) fn handle_datagram(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
        payload: &[u8],
    ) -> bool {
        self.calls.iter_mut().any(|relays| relays.handle_datagram(now, local, remote, payload))
    }

    pub(super) fn handle_stream(&mut self, now: Instant, input: &StreamInput) {
        for relays in &mut self.calls {
            relays.handle_stream(now, input.clone());
        }
    }

    pub(super) fn remove_socket(&mut self, now: Instant, address: SocketAddr) {
        for relays in &mut self.calls {
            relays.remove_local(now, address);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for relays in &mut self.calls {
            relays.handle_timeout(now);
        }
    }

    /// Passes on what they want done, forgets those that are done, and returns the next timeout.
    pub(super) fn drain(&mut self, outputs: &mut VecDeque<Output>) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        self.calls.retain_mut(|relays| {
            loop {
                match relays.poll_output() {
                    RelaysOutput::Transmit(transmit) => {
                        outputs.push_back(Output::Transmit(transmit));
                    }
                    RelaysOutput::Stream(stream) => outputs.push_back(Output::Stream(stream)),
                    // There is no call that anything of it would matter to.
                    RelaysOutput::Event(_) => {}
                    RelaysOutput::Timeout(at) => {
                        next = next.into_iter().chain(at).min();
                        return !relays.is_idle();
                    }
                }
            }
        });
        next
    }
}
