//! The HTTP door: one request after the other, one connection at a time.

use std::io::Read;
use std::net::SocketAddr;
use std::time::{Instant as StdInstant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};
use tokio::net::UdpSocket;
use tokio::runtime::Handle;
use zentalk_call::engine::{EngineConfig, PlainConfig, PlainMedia, PlainPeer, PlainSetting};
use zentalk_primitives::{Instant, Secret, UnixTime};

use crate::Arguments;
use crate::connection::{Connection, Task};
use crate::received::Received;
use crate::sending::{Material, Sending};

/// The longest request that is read: session descriptions are refused beyond 64 KiB anyway.
const MAX_BODY: u64 = 256 << 10;
/// So that pages from anywhere may call the door.
const CORS: [(&str, &str); 4] = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "content-type"),
    ("Access-Control-Allow-Private-Network", "true"),
];

/// The door and the connection behind it.
pub(crate) struct Door {
    server: Server,
    address: SocketAddr,
    arguments: Arguments,
    material: Material,
    runtime: Handle,
    connection: Option<Connection>,
    /// The last statistics of the connection that was closed.
    closed: Option<Value>,
    connections: u32,
}

/// A request that cannot be granted: an HTTP status and the cause.
struct Refused(u16, String);

type Reply = Result<Value, Refused>;

impl Door {
    pub(crate) fn open(
        arguments: Arguments,
        material: Material,
        runtime: Handle,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let wanted = SocketAddr::from(([127, 0, 0, 1], arguments.port));
        let server = Server::http(wanted).map_err(|error| format!("{wanted}: {error}"))?;
        let address = server.server_addr().to_ip().ok_or("the door has no IP address")?;
        let (connection, closed) = (None, None);
        Ok(Self {
            server,
            address,
            arguments,
            material,
            runtime,
            connection,
            closed,
            connections: 0,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until the program is ended.
    pub(crate) fn serve(mut self) -> Result<(), Box<dyn std::error::Error>> {
        loop {
            let mut request = self.server.recv()?;
            let (status, body) = match self.handle(&mut request) {
                Ok(body) => (200, body),
                Err(Refused(status, cause)) => (status, json!({ "error": cause })),
            };
            // Whoever asked may have gone.
            let _ = request.respond(response(status, &body));
        }
    }

    fn handle(&mut self, request: &mut Request) -> Reply {
        let url = request.url().to_owned();
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        match (request.method(), path) {
            (Method::Options, _) => Ok(json!({})),
            (Method::Post, "/offer") => {
                let sdp = description(request, "offer")?;
                self.take_offer(&sdp)
            }
            (Method::Get, "/mkoffer") => self.make_offer(wanted_media(query)?),
            (Method::Post, "/answer") => {
                let sdp = description(request, "answer")?;
                self.take_answer(sdp)
            }
            (Method::Get, "/stats") => self.stats(),
            (Method::Get, "/close") => {
                self.close();
                Ok(json!({}))
            }
            _ => Err(Refused(
                404,
                "POST /offer, GET /mkoffer, POST /answer, GET /stats, GET /close".to_owned(),
            )),
        }
    }

    fn take_offer(&mut self, sdp: &str) -> Reply {
        self.connect("answer", |config, setting| PlainPeer::answer(config, sdp, setting))
    }

    fn make_offer(&mut self, media: PlainMedia) -> Reply {
        self.connect("offer", |config, setting| PlainPeer::offer(config, media, setting))
    }

    fn take_answer(&mut self, sdp: String) -> Reply {
        let connection = self.connection.as_ref().ok_or_else(no_connection)?;
        let taken = self.runtime.block_on(connection.answer(sdp));
        taken.map(|()| json!({})).map_err(|cause| Refused(400, cause))
    }

    fn stats(&self) -> Reply {
        let running = self.connection.as_ref();
        let running = running.and_then(|connection| self.runtime.block_on(connection.stats()));
        running.or_else(|| self.closed.clone()).ok_or_else(no_connection)
    }

    fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.closed = self.runtime.block_on(connection.close());
        }
    }

    /// Makes a connection and runs it in place of the one before. If it cannot be made, that one stays.
    fn connect(
        &mut self,
        kind: &str,
        make: impl FnOnce(
            &PlainConfig,
            PlainSetting<'_>,
        ) -> Result<(PlainPeer, String), zentalk_call::Error>,
    ) -> Reply {
        let broken = |error: &dyn std::fmt::Display| Refused(500, error.to_string());
        let _guard = self.runtime.enter();
        let socket = std::net::UdpSocket::bind((self.arguments.host_address, 0))
            .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
            .and_then(UdpSocket::from_std)
            .map_err(|error| broken(&error))?;
        let sockets = [socket.local_addr().map_err(|error| broken(&error))?];
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| broken(&error))?;
        let epoch = StdInstant::now();
        let (seed, now) = (Secret::new(seed), Instant::ZERO);
        let setting = PlainSetting { sockets: &sockets, seed, now, unix_now: unix_time() };
        let (peer, sdp) =
            make(&self.config(), setting).map_err(|error| Refused(400, error.to_string()))?;
        let sending = Sending::new(&self.material).map_err(|error| broken(&error))?;
        self.close();
        self.connections += 1;
        let received = Received::new(self.recording());
        let task = Task { socket, epoch, peer, sending, received };
        self.connection = Some(Connection::spawn(task));
        Ok(json!({ "sdp": sdp, "type": kind }))
    }

    /// Frames in clear: the other peers of this door know no other.
    fn config(&self) -> PlainConfig {
        let mut config = EngineConfig::default();
        config.media.video_bit_rate = self.arguments.video_bit_rate;
        config.dangerous().with_plain_frames()
    }

    fn recording(&self) -> Option<std::path::PathBuf> {
        let folder = self.arguments.record.as_ref()?;
        Some(folder.join(format!("received-{}", self.connections)))
    }
}

/// The session description in a request's body.
fn description(request: &mut Request, kind: &str) -> Result<String, Refused> {
    let refused = |cause: String| Refused(400, cause);
    let mut body = Vec::new();
    let read = request.as_reader().take(MAX_BODY + 1).read_to_end(&mut body);
    read.map_err(|error| refused(error.to_string()))?;
    if body.len() as u64 > MAX_BODY {
        return Err(Refused(413, format!("the body is longer than {MAX_BODY} bytes")));
    }
    let body: Value = serde_json::from_slice(&body)
        .map_err(|error| refused(format!("malformed JSON: {error}")))?;
    let text = |name| body.get(name).and_then(Value::as_str);
    if text("type").is_some_and(|found| found != kind) {
        return Err(refused(format!("`type` is not {kind:?}")));
    }
    text("sdp").map(str::to_owned).ok_or_else(|| refused("`sdp` is missing".to_owned()))
}

/// What `/mkoffer`'s query asks for: `video=VP8` or `video=0`, `audio=0`; both if it says nothing.
fn wanted_media(query: &str) -> Result<PlainMedia, Refused> {
    let (mut audio, mut video) = (true, true);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match (name, value) {
            ("audio", "0") => audio = false,
            ("video", "0") => video = false,
            ("video", codec) if !codec.eq_ignore_ascii_case("VP8") && codec != "1" => {
                return Err(Refused(400, format!("{codec} is not offered; VP8 is")));
            }
            _ => {}
        }
    }
    match (audio, video) {
        (true, true) => Ok(PlainMedia::AudioVideo),
        (true, false) => Ok(PlainMedia::Audio),
        (false, true) => Ok(PlainMedia::Video),
        (false, false) => Err(Refused(400, "an offer needs audio or video".to_owned())),
    }
}

fn no_connection() -> Refused {
    Refused(409, "there is no connection: POST /offer or GET /mkoffer first".to_owned())
}

fn response(status: u16, body: &Value) -> Response<std::io::Cursor<Vec<u8>>> {
    let content = [("Content-Type", "application/json")];
    let headers = content.into_iter().chain(CORS);
    let headers = headers.filter_map(|(name, value)| Header::from_bytes(name, value).ok());
    let response = Response::from_string(body.to_string()).with_status_code(status);
    headers.fold(response, Response::with_header)
}

fn unix_time() -> UnixTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
