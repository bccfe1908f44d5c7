//! The wire between a host and its router: two TAP devices with this program in between.
//!
//! A kernel without `sch_netem` has no other way to delay and lose frames, and whoever carries every frame can
//! also keep a copy of each: what a host sends and gets is seen here and nowhere else. TAP devices have no
//! offloads, so what crosses are frames as they would be on a cable.

mod impairment;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::task::JoinHandle;
use tun_rs::{AsyncDevice, DeviceBuilder, Layer, SyncDevice};

pub(crate) use impairment::Impairment;
use impairment::Way;

use crate::capture::{Capture, Heading};
use crate::error::Error;
use crate::namespace::Namespace;

/// A wire. Dropping it takes away both its ends.
pub(crate) struct Link {
    shared: Arc<Mutex<Shared>>,
    carrier: JoinHandle<()>,
}

/// What is changed and read while frames cross.
struct Shared {
    impairment: Impairment,
    cut: bool,
    capture: Capture,
}

/// A frame: an Ethernet header and 1,500 bytes, and some more that nobody should send.
const FRAME: usize = 2_048;

impl Link {
    /// Connects the interface `eth0` of `host` with the interface `port` of `router`; makes both.
    pub(crate) fn lay(
        host: &Namespace,
        router: &Namespace,
        port: &str,
        seed: u64,
    ) -> Result<Self, Error> {
        let ends = [end(host, "eth0")?, end(router, port)?];
        let shared = Arc::new(Mutex::new(Shared {
            impairment: Impairment::default(),
            cut: false,
            capture: Capture::default(),
        }));
        let ways = [Way::new(seed), Way::new(!seed)];
        let carrier = Carrier { ends, ways, shared: Arc::clone(&shared) };
        Ok(Self { shared, carrier: tokio::spawn(carrier.run()) })
    }

    /// What becomes of frames in both directions from now on.
    pub(crate) fn impair(&self, impairment: Impairment) {
        lock(&self.shared).impairment = impairment;
    }

    /// Pulls the plug, or puts it in again. The interfaces notice nothing.
    pub(crate) fn cut(&self, cut: bool) {
        lock(&self.shared).cut = cut;
    }

    /// The frames that crossed since this was last called.
    pub(crate) fn take_capture(&self) -> Capture {
        std::mem::take(&mut lock(&self.shared).capture)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

fn end(namespace: &Namespace, name: &str) -> Result<AsyncDevice, Error> {
    let make = || DeviceBuilder::new().name(name).layer(Layer::L2).mtu(1_500).build_sync();
    let device: SyncDevice = namespace.within("a TAP device", make)?;
    AsyncDevice::new(device).map_err(|source| Error::Kernel {
        what: "a TAP device".to_owned(),
        namespace: namespace.name().to_owned(),
        source,
    })
}

/// The task that carries the frames. Way 0 leads from the host to the router, way 1 back.
struct Carrier {
    ends: [AsyncDevice; 2],
    ways: [Way; 2],
    shared: Arc<Mutex<Shared>>,
}

impl Carrier {
    /// Runs until it is aborted, or a device is gone.
    async fn run(mut self) {
        let mut buffers = [[0; FRAME]; 2];
        loop {
            let next = self.ways.iter().filter_map(Way::next).min();
            let [host, router] = &self.ends;
            let [from_host, from_router] = &mut buffers;
            let entered = tokio::select! {
                len = host.recv(from_host) => len.map(|len| (0, from_host.get(..len))),
                len = router.recv(from_router) => len.map(|len| (1, from_router.get(..len))),
                () = until(next) => Ok((0, None)),
            };
            match entered {
                Ok((way, Some(frame))) => self.enter(way, frame),
                Ok((_, None)) => {}
                Err(_) => return,
            }
            self.deliver();
        }
    }

    fn enter(&mut self, way: usize, frame: &[u8]) {
        let now = Instant::now();
        let mut shared = lock(&self.shared);
        if way == 0 {
            shared.capture.add(now, Heading::Out, frame);
        }
        if let Some(way) = self.ways.get_mut(way).filter(|_| !shared.cut) {
            way.impair(shared.impairment);
            way.enter(now, frame);
        }
    }

    fn deliver(&mut self) {
        let now = Instant::now();
        let [host, router] = &self.ends;
        for ((way, to), is_host) in self.ways.iter_mut().zip([router, host]).zip([false, true]) {
            while let Some(frame) = way.leave(now) {
                let mut shared = lock(&self.shared);
                if shared.cut {
                    continue;
                }
                if is_host {
                    shared.capture.add(now, Heading::In, &frame);
                }
                // A device whose queue is full, or that is down, loses it, as a cable's end would.
                let _lost = to.try_send(&frame);
            }
        }
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    // Nothing that is done under the lock leaves it half done.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
