use std::net::{SocketAddr, UdpSocket};

use allocation_counter::measure;
use zentalk_dtls_fingerprint::Certificate;
use zentalk_sfu::{Burst, SfuConfig};

use super::*;

fn workers() -> (Vec<Worker>, SocketAddr) {
    let (sockets, address) = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
    let rng = &mut UnwrapErr(SysRng);
    let certificate = Certificate::generate(rng, Clock::system_time()).unwrap();
    let sfu = |worker, max_segments| {
        let config = SfuConfig { worker, max_segments, ..SfuConfig::default() };
        Sfu::new(config, certificate.duplicate(), &mut UnwrapErr(SysRng)).map_err(io::Error::other)
    };
    let (workers, _) = prepare(sockets, Clock::start(), sfu, || Reception::new(vec![])).unwrap();
    (workers, address)
}

/// What arrives at `at` on its way to the other worker.
fn pass(workers: &mut [Worker], at: usize) {
    let now = workers[at].clock.now();
    let Received::Some(count) = workers[at].port.receive() else { return };
    let Worker { port, forward, .. } = &mut workers[at];
    port.datagrams(count, |local, remote, bytes| forward.take(now, local, remote, bytes));
    forward.hand_over();
    workers[1 - at].forward.take_handed_over(now);
}

fn seen(worker: &Worker) -> u64 {
    worker.forward.sfu.stats().unknown_address
}

/// The kernel chooses one socket for this sender; the other worker is the owner.
#[cfg(unix)]
#[test]
fn datagrams_are_received_handed_over_and_sent_without_allocating() {
    let (mut workers, address) = workers();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.connect(address).unwrap();
    // RTP of nobody: the core counts it, and nothing more.
    let packet = [&[0x80, 111][..], &[0; 160]].concat();
    let send = || (0..20).for_each(|_| assert_eq!(sender.send(&packet).unwrap(), packet.len()));

    send();
    while workers.iter().all(|worker| seen(worker) == 0) {
        for at in 0..2 {
            pass(&mut workers, at);
        }
    }
    let at = workers.iter().position(|worker| seen(worker) > 0).unwrap();
    let now = workers[at].clock.now();
    workers[at].forward.routes.learn(now, sender.local_addr().unwrap(), 1 - at);
    let burst = Burst {
        from: address,
        to: sender.local_addr().unwrap(),
        segment_size: 500,
        bytes: &[7; 4_000],
    };
    let mut rounds = 0;
    let mut allocations = 0;
    while rounds < 12 {
        let before = seen(&workers[1 - at]);
        send();
        let round = measure(|| {
            while seen(&workers[1 - at]) < before + 20 {
                pass(&mut workers, at);
            }
            assert_eq!(workers[at].port.send(&burst), 0);
        });
        // Both batches of the pair grow once.
        if rounds >= 4 {
            allocations += round.count_total;
        }
        rounds += 1;
    }
    assert_eq!(allocations, 0);
    assert_eq!(measure(|| drop(vec![1_u8])).count_total, 1, "the counter counts");
}
