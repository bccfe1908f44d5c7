//! A client's TCP or TLS connection: what it sends goes to the core, what the core writes waits here, within bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time;
use tokio_rustls::TlsAcceptor;

use super::super::core::StreamId;
use super::shared::Shared;

/// The core's end of a connection. When it is dropped, the connection writes what waits and ends.
pub(super) struct Outbox {
    queue: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

/// The other end.
pub(super) struct Inbox {
    queue: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

/// Bytes of memory that may wait for a client that reads slowly. More media is dropped, as the network would; half a second of
/// the largest video.
const MAX_WAITING: usize = 256 * 1024;
/// Answers may go beyond that, to here.
const MAX_WAITING_ANSWERS: usize = MAX_WAITING + 64 * 1024;
/// Bytes that are read at once.
const READ_SIZE: usize = 16 * 1024;
/// How long a client may take to shake hands.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may read nothing of what waits for it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// The client reads too slowly even for answers.
pub(super) struct Stuck;

pub(super) fn outbox() -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    (Outbox { queue: sender, waiting: Arc::clone(&waiting) }, Inbox { queue: receiver, waiting })
}

impl Outbox {
    /// Queues a message; one that is `droppable` is dropped where there is no room.
    pub(super) fn push(&self, message: Vec<u8>, droppable: bool) -> Result<(), Stuck> {
        let limit = if droppable { MAX_WAITING } else { MAX_WAITING_ANSWERS };
        let held = held(&message);
        if self.waiting.load(Ordering::Relaxed).saturating_add(held) > limit {
            return if droppable { Ok(()) } else { Err(Stuck) };
        }
        self.waiting.fetch_add(held, Ordering::Relaxed);
        // A connection that just ended takes nothing more; the core is told so in a moment.
        let _ = self.queue.send(message);
        Ok(())
    }
}

/// Runs a connection to its end.
pub(super) async fn run(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    id: StreamId,
    inbox: Inbox,
    shared: Arc<Shared>,
) {
    // Media is wanted at once. Where it cannot be set, it is only later.
    let _ = stream.set_nodelay(true);
    match tls {
        None => converse(stream, id, inbox, &shared).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                converse(stream, id, inbox, &shared).await;
            }
        }
    }
    shared.stream_closed(id);
}

async fn converse<S>(stream: S, id: StreamId, inbox: Inbox, shared: &Shared)
where
    S: AsyncRead + AsyncWrite,
{
    let (reader, writer) = io::split(stream);
    tokio::select! {
        () = read(reader, id, shared) => {}
        // Ends on an error, or when the core has closed the connection and everything is written.
        _ = write(writer, inbox) => {}
    }
}

async fn read(mut reader: impl AsyncRead + Unpin, id: StreamId, shared: &Shared) {
    let mut buffer = vec![0; READ_SIZE];
    while let Ok(length @ 1..) = reader.read(&mut buffer).await {
        let bytes = buffer.get(..length).unwrap_or_default();
        shared.input(|core, moment| {
            core.stream_received(moment.now, moment.unix_now, id, bytes);
        });
    }
}

async fn write(mut writer: impl AsyncWrite + Unpin, mut inbox: Inbox) -> io::Result<()> {
    while let Some(mut message) = inbox.queue.recv().await {
        let mut done = held(&message);
        // Together what waits together: fewer system calls and fewer TLS records.
        while message.len() < READ_SIZE
            && let Ok(more) = inbox.queue.try_recv()
        {
            done += held(&more);
            message.extend(more);
        }
        let written = async {
            writer.write_all(&message).await?;
            writer.flush().await
        };
        time::timeout(WRITE_TIMEOUT, written).await??;
        inbox.waiting.fetch_sub(done, Ordering::Relaxed);
    }
    time::timeout(WRITE_TIMEOUT, writer.shutdown()).await?
}

/// Bytes of memory that a message holds while it waits: its own, and what the queue and the allocator add.
fn held(message: &[u8]) -> usize {
    message.len().saturating_add(MESSAGE_OVERHEAD)
}

const MESSAGE_OVERHEAD: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// Short messages take more memory than their bytes.
    #[test]
    fn what_waits_for_a_slow_client_is_bounded_in_number_too() {
        let (outbox, mut inbox) = outbox();
        for _ in 0..MAX_WAITING {
            assert!(outbox.push(vec![0x40, 0, 0, 0], true).is_ok(), "dropped, if need be");
        }
        assert!(outbox.push(vec![0; 16], false).is_ok(), "there is room for an answer");
        let waiting = std::iter::from_fn(|| inbox.queue.try_recv().ok()).count();
        assert!((1_000..5_000).contains(&waiting), "{waiting}");
    }

    #[tokio::test]
    async fn what_was_written_makes_room() {
        let (outbox, inbox) = outbox();
        let (waiting, (ours, mut theirs)) = (Arc::clone(&inbox.waiting), io::duplex(64));
        for len in [4, 100, READ_SIZE, 4] {
            assert!(outbox.push(vec![7; len], true).is_ok());
        }
        drop(outbox);
        let mut got = Vec::new();
        let (written, read) = tokio::join!(write(ours, inbox), theirs.read_to_end(&mut got));
        assert!(written.is_ok() && read.is_ok());
        assert_eq!((got.len(), waiting.load(Ordering::Relaxed)), (READ_SIZE + 108, 0));
    }
}
