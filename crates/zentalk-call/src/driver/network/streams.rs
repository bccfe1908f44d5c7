//! TCP connections to TURN servers. What goes through them, TLS included, is made and read elsewhere: bytes only here.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::engine::{StreamId, StreamInput, StreamOutput};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// After this without an acknowledgement of what was sent, a connection is dead. TCP alone would go on trying for a quarter of an hour,
/// with ever longer pauses, where a new connection works at once.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);
/// How long the last bytes may take once a stream is closed here.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes of one stream that wait for the network. A stream further behind is of no use to a call: it is closed, since bytes of TLS
/// cannot be left out.
const MAX_QUEUED: usize = 512 * 1024;
/// Writes of one stream that wait.
const MAX_WRITES: usize = 4_096;
/// The largest piece that is read at once.
const CHUNK: usize = 16 * 1024;
/// Streams at a time; more are not opened. Two servers on four interfaces, and as many again while they are renewed.
const MAX_STREAMS: usize = 16;
/// What has come in and waits for the engine; streams that bring more wait, and TCP with them.
const INCOMING: usize = 64;

/// The open streams. Dropped, it closes them.
pub(in crate::driver) struct Streams {
    open: HashMap<StreamId, Open>,
    sink: mpsc::Sender<StreamInput>,
    incoming: mpsc::Receiver<StreamInput>,
}

struct Open {
    writes: mpsc::Sender<Write>,
    room: Arc<Semaphore>,
    /// Dropped with this: so the task knows that the stream is closed, even while it waits for the network.
    _open: oneshot::Sender<Infallible>,
}

/// Bytes to write, and their share of [`MAX_QUEUED`], given back when they are written.
struct Write(Vec<u8>, OwnedSemaphorePermit);

impl Streams {
    pub(in crate::driver) fn new() -> Self {
        let (sink, incoming) = mpsc::channel(INCOMING);
        Self { open: HashMap::new(), sink, incoming }
    }

    /// Does what the engine says.
    pub(in crate::driver) fn handle(&mut self, output: StreamOutput) {
        match output {
            StreamOutput::Connect { stream, local, remote } => self.connect(stream, local, remote),
            StreamOutput::Write { stream, payload } => self.write(stream, payload),
            // What was written still leaves.
            StreamOutput::Close { stream } => drop(self.open.remove(&stream)),
        }
    }

    /// What happens next. Cancel-safe.
    pub(in crate::driver) async fn next(&mut self) -> StreamInput {
        match self.incoming.recv().await {
            Some(input) => {
                if let StreamInput::Closed { stream } = &input {
                    self.open.remove(stream);
                }
                input
            }
            // A sender is kept here.
            None => std::future::pending().await,
        }
    }

    /// Closes them all; what was written still leaves.
    pub(in crate::driver) fn close_all(&mut self) {
        self.open.clear();
    }

    /// Waits until they are closed, which takes [`LINGER`] at most.
    pub(in crate::driver) async fn finish(self) {
        let Self { open, sink, mut incoming } = self;
        drop((open, sink));
        // Each stream holds a sender until its end.
        while incoming.recv().await.is_some() {}
    }

    fn connect(&mut self, stream: StreamId, local: IpAddr, remote: SocketAddr) {
        if self.open.len() >= MAX_STREAMS {
            tracing::warn!("too many streams");
            return self.refuse(stream);
        }
        let (writes, queue) = mpsc::channel(MAX_WRITES);
        let (open, closed) = oneshot::channel();
        let room = Arc::new(Semaphore::new(MAX_QUEUED));
        self.open.insert(stream, Open { writes, room, _open: open });
        let sink = self.sink.clone();
        tokio::spawn(async move {
            carry(stream, (local, remote), (queue, closed), &sink).await;
            // Nobody listens any more only while everything ends.
            let _ = sink.send(StreamInput::Closed { stream }).await;
        });
    }

    fn write(&mut self, stream: StreamId, payload: Vec<u8>) {
        let Some(open) = self.open.get(&stream) else { return };
        let share = u32::try_from(payload.len()).ok();
        let permit =
            share.and_then(|share| Arc::clone(&open.room).try_acquire_many_owned(share).ok());
        let queued =
            permit.is_some_and(|permit| open.writes.try_send(Write(payload, permit)).is_ok());
        if !queued {
            tracing::debug!(stream = stream.0, "a stream is too slow");
            self.open.remove(&stream);
        }
    }

    /// Says that a stream is closed that never was open. Where even that finds no room, the ladder's own timers tell.
    fn refuse(&self, stream: StreamId) {
        let _ = self.sink.try_send(StreamInput::Closed { stream });
    }
}

/// The life of a stream: connect, and carry both ways until either side ends it.
async fn carry(
    stream: StreamId,
    (local, remote): (IpAddr, SocketAddr),
    (queue, mut closed): (mpsc::Receiver<Write>, oneshot::Receiver<Infallible>),
    sink: &mpsc::Sender<StreamInput>,
) {
    let connected = tokio::select! {
        _ = &mut closed => return,
        connected = timeout(CONNECT_TIMEOUT, connect(local, remote)) => connected,
    };
    let Ok(Ok((tcp, local))) = connected else { return };
    if sink.send(StreamInput::Connected { stream, local }).await.is_err() {
        return;
    }
    let (reader, writer) = tcp.into_split();
    let lingered = async {
        let _ = closed.await;
        sleep(LINGER).await;
    };
    // Both ways at any time: a server that waits for us to read does not read itself.
    tokio::select! {
        () = read(stream, reader, sink) => {}
        () = write(writer, queue) => {}
        () = lingered => {}
    }
}

async fn connect(local: IpAddr, remote: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
    let socket = if local.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.bind(SocketAddr::new(local, 0))?;
    let stream = socket.connect(remote).await?;
    // Media: a packet that waits for another one is late.
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    let local = stream.local_addr()?;
    Ok((stream, local))
}

/// Reads until the other side ends.
async fn read(stream: StreamId, mut reader: OwnedReadHalf, sink: &mpsc::Sender<StreamInput>) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(length @ 1..) = reader.read(&mut buffer).await {
        let Some(bytes) = buffer.get(..length) else { return };
        let payload = bytes.to_vec();
        if sink.send(StreamInput::Received { stream, payload }).await.is_err() {
            return;
        }
    }
}

/// Writes until this side ends, and says so to the other.
async fn write(mut writer: OwnedWriteHalf, mut queue: mpsc::Receiver<Write>) {
    while let Some(Write(bytes, _room)) = queue.recv().await {
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
    }
    // Whether the other side is still there is of no interest any more.
    let _ = writer.shutdown().await;
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const STREAM: StreamId = StreamId(7);
    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// A stream that is open, and its other end.
    async fn open() -> (Streams, TcpStream) {
        let (listener, remote) = listener().await;
        let mut streams = Streams::new();
        streams.handle(StreamOutput::Connect { stream: STREAM, local: LOOPBACK, remote });
        let (peer, address) = listener.accept().await.unwrap();
        let connected = StreamInput::Connected { stream: STREAM, local: address };
        assert!(streams.next().await == connected);
        (streams, peer)
    }

    fn write(streams: &mut Streams, payload: Vec<u8>) {
        streams.handle(StreamOutput::Write { stream: STREAM, payload });
    }

    #[tokio::test]
    async fn bytes_go_both_ways_and_the_end_is_told() {
        let (mut streams, mut peer) = open().await;
        write(&mut streams, b"there".to_vec());
        let mut bytes = [0; 5];
        peer.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"there");
        peer.write_all(b"back").await.unwrap();
        let received = StreamInput::Received { stream: STREAM, payload: b"back".to_vec() };
        assert!(streams.next().await == received);
        drop(peer);
        assert!(streams.next().await == StreamInput::Closed { stream: STREAM });
        assert!(streams.open.is_empty());
    }

    #[tokio::test]
    async fn what_was_written_before_a_close_still_leaves() {
        let (mut streams, mut peer) = open().await;
        (0..100).for_each(|_| write(&mut streams, vec![1; 1_000]));
        streams.handle(StreamOutput::Close { stream: STREAM });
        let mut bytes = Vec::new();
        peer.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes.len(), 100_000);
    }

    #[tokio::test]
    async fn a_stream_that_nobody_reads_is_closed_before_memory_fills() {
        let (mut streams, _peer) = open().await;
        // What the system buffers comes on top.
        while !streams.open.is_empty() {
            write(&mut streams, vec![0; CHUNK]);
        }
        assert!(streams.next().await == StreamInput::Closed { stream: STREAM });
    }

    #[tokio::test]
    async fn dropped_streams_disconnect() {
        let (streams, mut peer) = open().await;
        drop(streams);
        assert_eq!(peer.read(&mut [0; 1]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn where_nobody_listens_the_stream_is_closed() {
        let (listener, remote) = listener().await;
        drop(listener);
        let mut streams = Streams::new();
        streams.handle(StreamOutput::Connect { stream: STREAM, local: LOOPBACK, remote });
        assert!(streams.next().await == StreamInput::Closed { stream: STREAM });
    }

    #[tokio::test]
    async fn streams_are_bounded() {
        let (_listener, remote) = listener().await;
        let mut streams = Streams::new();
        for n in 0..=MAX_STREAMS as u64 {
            let stream = StreamId(n);
            streams.handle(StreamOutput::Connect { stream, local: LOOPBACK, remote });
        }
        let refused = StreamInput::Closed { stream: StreamId(MAX_STREAMS as u64) };
        while streams.next().await != refused {}
        assert_eq!(streams.open.len(), MAX_STREAMS);
    }
}
