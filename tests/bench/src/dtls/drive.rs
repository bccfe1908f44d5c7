use super::AGREED;
use crate::kit::{Contestant, Facts, Standing};

/// An implementation that is driven by hand.
pub(crate) trait Implementation {
    type End: End;

    fn name(&self) -> &'static str;

    fn standing(&self) -> Standing;

    /// Gets ready what is made ahead: certificates, and what is announced of them. Not measured.
    fn prepare(&mut self) {}

    /// Client and server.
    fn ends(&mut self) -> [Self::End; 2];
}

/// One end of a handshake.
pub(crate) trait End {
    /// What it has to send now: the datagrams of a flight.
    fn send(&mut self) -> Vec<Vec<u8>>;

    fn receive(&mut self, datagram: &[u8]);

    /// The exported SRTP keys, once the handshake is over.
    fn keys(&mut self) -> Option<Vec<u8>>;
}

/// Handshakes of one implementation with itself.
pub(crate) struct Handshake<I: Implementation> {
    implementation: I,
    /// Dropped before the next round, not in this one.
    ends: Option<[I::End; 2]>,
    facts: Option<Facts>,
    agreed: bool,
}

impl<I: Implementation> Handshake<I> {
    pub(crate) fn new(implementation: I) -> Self {
        Self { implementation, ends: None, facts: None, agreed: false }
    }
}

impl<I: Implementation> Contestant for Handshake<I> {
    fn name(&self) -> &'static str {
        self.implementation.name()
    }

    fn standing(&self) -> Standing {
        self.implementation.standing()
    }

    fn prepare(&mut self, _: u64) {
        self.ends = None;
        self.implementation.prepare();
    }

    fn run(&mut self) {
        let mut ends = self.implementation.ends();
        self.facts = Some(drive(&mut ends));
        let [client, server] = ends.each_mut().map(End::keys);
        self.agreed = client.is_some() && client == server;
        self.ends = Some(ends);
    }

    fn outcome(&self) -> Vec<u8> {
        if self.agreed { AGREED.to_vec() } else { Vec::new() }
    }

    fn facts(&self) -> Option<Facts> {
        self.facts
    }
}

/// Hands over flights until both have their keys.
fn drive([client, server]: &mut [impl End; 2]) -> Facts {
    let mut datagrams = 0;
    let mut client_ready_after = None;
    for round_trip in 0..MAX_ROUND_TRIPS {
        let flight = client.send();
        if client_ready_after.is_none() && client.keys().is_some() {
            client_ready_after = Some(round_trip);
        }
        datagrams += hand_over(&flight, server);
        let answer = server.send();
        if let Some(round_trips) = client_ready_after
            && server.keys().is_some()
        {
            return Facts::Handshake { datagrams, round_trips };
        }
        datagrams += hand_over(&answer, client);
    }
    panic!("the handshake does not end");
}

fn hand_over(flight: &[Vec<u8>], to: &mut impl End) -> u32 {
    flight.iter().for_each(|datagram| to.receive(datagram));
    flight.len() as u32
}

/// Twice what a full handshake of any version takes, cookies included.
const MAX_ROUND_TRIPS: u32 = 8;
