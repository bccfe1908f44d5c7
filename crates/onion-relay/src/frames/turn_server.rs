use core::fmt;
use core::net::IpAddr;

use prost::Message;

use crate::error::Error;
use crate::limits::MAX_HOST;

/// Where a TURN server is reached (RFC 8656), and where on earth it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct TurnServerEntry {
    /// A DNS name or an IP address, at most [`MAX_HOST`] bytes; the name of its certificate, too.
    pub host: String,
    /// TURN over UDP; 0 for none.
    pub udp_port: u16,
    /// TURN over TCP; 0 for none.
    pub tcp_port: u16,
    /// TURN over TLS on TCP; 0 for none.
    pub tls_port: u16,
    /// Where it stands, if that is told.
    pub location: Option<TurnLocation>,
}

impl TurnServerEntry {
    /// Whether it may be handed out: a host that is a DNS name or an IP address, and a port.
    pub fn is_valid(&self) -> bool {
        self.check().is_ok()
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if !is_host(&self.host) {
            return Err(Error::BadField("TURN server's host"));
        }
        if [self.udp_port, self.tcp_port, self.tls_port] == [0; 3] {
            return Err(Error::BadField("TURN server's port"));
        }
        Ok(())
    }
}

impl fmt::Debug for TurnServerEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnServerEntry([redacted])")
    }
}

/// A point on earth (WGS 84), exact to a millionth of a degree: 11 cm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TurnLocation {
    latitude: i32,
    longitude: i32,
}

impl TurnLocation {
    /// In degrees, north and east positive. `None` beyond the poles (±90) or the date line (±180), or if it is no number.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let millionths = |degrees: f64, most: f64| {
            // In range, so nothing is cut off; not a number is in no range.
            #[allow(clippy::cast_possible_truncation)]
            (-most..=most).contains(&degrees).then(|| (degrees * 1e6).round() as i32)
        };
        let (latitude, longitude) = (millionths(latitude, 90.0)?, millionths(longitude, 180.0)?);
        Some(Self { latitude, longitude })
    }

    /// Degrees north of the equator.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude) / 1e6
    }

    /// Degrees east of Greenwich.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude) / 1e6
    }
}

impl fmt::Debug for TurnLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnLocation([redacted])")
    }
}

/// An IP address, or a name of letters, digits and inner hyphens (RFC 1123 §2.1) whose last label is no number, so that
/// nobody takes `127.1` for a name and resolves it to something else.
fn is_host(host: &str) -> bool {
    if host.len() > MAX_HOST {
        return false;
    }
    let letter_or_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.len() <= 63
            && letter_or_digit(bytes.first())
            && letter_or_digit(bytes.last())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    host.parse::<IpAddr>().is_ok()
        || host.split('.').all(is_label) && !host.rsplit('.').next().is_some_and(is_number)
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(string, tag = "1")]
    host: String,
    #[prost(uint32, tag = "2")]
    udp_port: u32,
    #[prost(uint32, tag = "3")]
    tcp_port: u32,
    #[prost(uint32, tag = "4")]
    tls_port: u32,
    #[prost(message, optional, tag = "5")]
    location: Option<LocationWire>,
}

/// Millionths of a degree.
#[derive(Clone, PartialEq, Message)]
struct LocationWire {
    #[prost(sint32, tag = "1")]
    latitude: i32,
    #[prost(sint32, tag = "2")]
    longitude: i32,
}

impl From<TurnServerEntry> for Wire {
    fn from(entry: TurnServerEntry) -> Self {
        Self {
            host: entry.host,
            udp_port: entry.udp_port.into(),
            tcp_port: entry.tcp_port.into(),
            tls_port: entry.tls_port.into(),
            location: entry
                .location
                .map(|at| LocationWire { latitude: at.latitude, longitude: at.longitude }),
        }
    }
}

impl TryFrom<Wire> for TurnServerEntry {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        let port =
            |port: u32| u16::try_from(port).map_err(|_| Error::BadField("TURN server's port"));
        let location = wire.location.map(TurnLocation::try_from).transpose()?;
        Ok(Self {
            host: wire.host,
            udp_port: port(wire.udp_port)?,
            tcp_port: port(wire.tcp_port)?,
            tls_port: port(wire.tls_port)?,
            location,
        })
    }
}

impl TryFrom<LocationWire> for TurnLocation {
    type Error = Error;

    fn try_from(wire: LocationWire) -> Result<Self, Error> {
        let LocationWire { latitude, longitude } = wire;
        let on_earth =
            latitude.unsigned_abs() <= 90_000_000 && longitude.unsigned_abs() <= 180_000_000;
        if on_earth {
            Ok(Self { latitude, longitude })
        } else {
            Err(Error::BadField("TURN server's location"))
        }
    }
}
