//! A wire tap before the SFU's control port, which learns the names that the SFU is told.

use core::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use zentalk_sfu_control::ClientFrame;

/// What each connection's client said.
#[derive(Clone, Default)]
pub(crate) struct Tap(Arc<Mutex<Vec<Vec<u8>>>>);

impl Tap {
    /// Takes connections at `listener` and passes them on to `server`, for ever.
    pub(crate) async fn before(self, server: SocketAddr, listener: TcpListener) {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(server).await.unwrap();
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            let connection = {
                let mut heard = self.0.lock().unwrap();
                heard.push(Vec::new());
                heard.len() - 1
            };
            tokio::spawn(pass(from_server, to_client, None));
            tokio::spawn(pass(from_client, to_server, Some((self.clone(), connection))));
        }
    }

    /// The tokens that clients came with.
    pub(crate) fn tokens(&self) -> Vec<Vec<u8>> {
        let heard = self.0.lock().unwrap();
        let joins =
            heard.iter().filter_map(|heard| ClientFrame::decode(&first_message(heard)?).ok());
        joins
            .filter_map(|frame| match frame {
                ClientFrame::Join { token, .. } => Some(token.into_bytes()),
                _ => None,
            })
            .collect()
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, heard: Option<(Tap, usize)>) {
    let mut buffer = vec![0; 16_384];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if let Some((tap, connection)) = &heard {
            tap.0.lock().unwrap()[*connection].extend_from_slice(&buffer[..read]);
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    // The other side hears of the end; where it has gone, that is the same.
    let _ = to.shutdown().await;
}

/// The first message after the opening handshake, without its mask (RFC 6455 §5.2).
fn first_message(stream: &[u8]) -> Option<Vec<u8>> {
    let end = stream.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let (&[_, length], rest) = stream.get(end..)?.split_first_chunk()?;
    let (length, rest) = match length & 0x7f {
        126 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        length => (usize::from(length), rest),
    };
    let (mask, rest) = rest.split_first_chunk::<4>()?;
    let masked = rest.get(..length)?;
    Some(masked.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect())
}
