use std::net::SocketAddr;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_ice_nat::{Candidate, Config, Event, IceAgent, Input, LocalSocket, Output, Role};
use zentalk_primitives::{Instant, Transmit};

use super::REQUESTS;
use super::request::Request;
use crate::kit::{Contestant, Standing};

/// The agent that is asked.
pub(crate) struct Ours {
    agent: IceAgent,
    request: Request,
    last: Vec<u8>,
}

impl Ours {
    pub(crate) fn new(agent: IceAgent, request: Request) -> Self {
        Self { agent, request, last: Vec::new() }
    }
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn standing(&self) -> Standing {
        Standing::Ours
    }

    fn run(&mut self) {
        for _ in 0..REQUESTS {
            receive(&mut self.agent, &self.request);
            while let Some(output) = poll(&mut self.agent) {
                if let Output::Transmit(transmit) = output {
                    self.last = transmit.payload;
                }
            }
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.last.clone()
    }
}

/// The next thing that the agent has to say, until it only waits.
fn poll(agent: &mut IceAgent) -> Option<Output> {
    match agent.poll_output() {
        Output::Timeout(_) => None,
        output => Some(output),
    }
}

fn receive(agent: &mut IceAgent, request: &Request) {
    let Request { bytes, local, remote, .. } = request;
    let input = Input::Datagram { local: *local, remote: *remote, payload: bytes };
    agent.handle_input(NOW, input).unwrap();
}

/// An agent that has settled with another one, and a check of the other's.
pub(crate) fn connected() -> (IceAgent, Request) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let addresses = [address(1), address(2)];
    let mut agents = [Role::Controlled, Role::Controlling]
        .map(|role| IceAgent::new(Instant::from_millis(0), role, Config::new(), &mut rng));
    let credentials = agents.each_ref().map(|agent| agent.local_credentials().clone());
    let password = credentials[0].password().to_owned();
    for (who, agent) in agents.iter_mut().enumerate() {
        let now = Instant::from_millis(0);
        agent.add_local_socket(now, LocalSocket::new(addresses[who]), &mut rng).unwrap();
        let theirs = credentials[1 - who].clone();
        agent.handle_input(now, Input::RemoteCredentials(theirs)).unwrap();
        agent.open_direct(now, &mut rng);
    }
    let mut check = None;
    for millisecond in 0..NOW.as_millis() {
        step(&mut agents, Instant::from_millis(millisecond), &mut check);
    }
    let bytes = check.expect("the other agent has checked the pair");
    let [mut agent, _] = agents;
    let request = Request { bytes, local: addresses[0], remote: addresses[1], password };
    agent.handle_timeout(NOW);
    // What it had to send at this time anyway is out of the way.
    while poll(&mut agent).is_some() {}
    (agent, request)
}

/// A millisecond in the life of the two; keeps the latest check that the second sent.
fn step(agents: &mut [IceAgent; 2], now: Instant, check: &mut Option<Vec<u8>>) {
    for who in [0, 1] {
        agents[who].handle_timeout(now);
        while let Some(output) = poll(&mut agents[who]) {
            match output {
                Output::Transmit(Transmit { local, remote, payload }) => {
                    if who == 1 && payload[..2] == [0, 1] {
                        *check = Some(payload.clone());
                    }
                    let input = Input::Datagram { local: remote, remote: local, payload: &payload };
                    agents[1 - who].handle_input(now, input).unwrap();
                }
                Output::Event(Event::LocalCandidate(candidate)) => {
                    tell(&mut agents[1 - who], now, candidate);
                }
                _ => {}
            }
        }
    }
}

fn tell(agent: &mut IceAgent, now: Instant, candidate: Candidate) {
    agent.handle_input(now, Input::RemoteCandidate(candidate)).unwrap();
}

fn address(host: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], 5_000))
}

/// When the measuring happens: the two have long been connected.
const NOW: Instant = Instant::from_millis(5_000);
