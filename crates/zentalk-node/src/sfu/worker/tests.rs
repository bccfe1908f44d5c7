use std::net::{SocketAddr, UdpSocket};

use allocation_counter::measure;
use zentalk_dtls_fingerprint::Certificate;
use zentalk_primitives::{ParticipantId, RoomId};
use zentalk_sfu::{Burst, SfuConfig};

use super::routes::{News, Note};
use super::*;
use crate::fuzzing::sfu_reception::offer;

fn workers() -> (Vec<Worker>, Vec<WorkerHandle>, SocketAddr) {
    let (sockets, address) = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
    let rng = &mut UnwrapErr(SysRng);
    let certificate = Certificate::generate(rng, Clock::system_time()).unwrap();
    let sfu = |worker, max_segments| {
        let config = SfuConfig { worker, max_segments, ..SfuConfig::default() };
        Sfu::new(config, certificate.duplicate(), &mut UnwrapErr(SysRng)).map_err(io::Error::other)
    };
    let reception = || Reception::new(vec![address]);
    let (workers, handles) = prepare(sockets, Clock::start(), sfu, reception).unwrap();
    (workers, handles, address)
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
    let (mut workers, _, address) = workers();
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
    let remote = sender.local_addr().unwrap();
    let note = Note { remote, worker: 1 - at, news: News::Proven };
    workers[at].forward.routes.learn(now, note);
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

fn join() -> Box<JoinRequest> {
    let (room, participant) = (RoomId::from_bytes([1; 16]), ParticipantId::from_bytes([2; 16]));
    Box::new(JoinRequest { room, participant, offer: offer(true), visit: None })
}

/// Whatever the worker took of a connection that it did not take as a whole, nobody would ever take out again.
#[test]
fn a_worker_that_is_too_busy_for_a_connection_holds_nothing_of_it() {
    let (mut workers, handles, _) = workers();
    let (worker, handle) = (&mut workers[0], &handles[0]);
    let open = |connection| {
        let (outbox, inbox) = tasks::channel(8);
        (handle.ask(Command::Open { connection, join: join(), outbox }), inbox)
    };
    // Every number of commands that may be waiting already, up to a full queue.
    for waiting in MAX_COMMANDS - 2..=MAX_COMMANDS {
        for _ in 0..waiting {
            handle.ask(Command::Closed { connection: u64::MAX }).unwrap();
        }
        let (asked, mut inbox) = open(waiting as u64);
        worker.obey();
        let is_let_in = inbox.try_recv().is_ok();
        assert_eq!((asked.is_ok(), is_let_in), (waiting < MAX_COMMANDS, waiting < MAX_COMMANDS));
        assert_eq!(worker.outboxes.contains_key(&(waiting as u64)), is_let_in);
        if is_let_in {
            handle.ask(Command::Closed { connection: waiting as u64 }).unwrap();
            worker.obey();
        }
        assert!(worker.outboxes.is_empty());
    }
}
