use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use zentalk_call::Location;

/// Which way a call's packets may take.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// Use the loopback interface only: both sides on this machine
    #[arg(long, conflicts_with = "udp")]
    pub loopback: bool,
    /// Use exactly this local UDP address
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    pub udp: Option<SocketAddr>,
    /// Tell the peer this address instead: for a fixed one-to-one mapping in front of --udp
    #[arg(long, value_name = "ADDRESS:PORT", requires = "udp", value_parser = address)]
    pub advertise: Option<SocketAddr>,
    /// Ask this STUN server how you are seen from outside, for calls through NATs; up to four
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["loopback", "relay_only"])]
    pub stun: Vec<String>,
    /// Show the other side no address of yours: every packet of a call goes through a TURN server of your
    /// relay's. Your machine itself connects to your relay, to the relays of people you call, accept,
    /// decline or invite, and in group calls to the forwarding servers that your relay names
    #[arg(long)]
    pub relay_only: bool,
    /// Name addresses on the local network by random names, which only machines there resolve
    /// (multicast DNS)
    #[arg(long, conflicts_with = "relay_only")]
    pub hide_addresses: bool,
    /// Trust the certificates in this PEM file for forwarding servers of groups, beside those that browsers trust
    #[arg(long, value_name = "FILE")]
    pub sfu_ca: Option<PathBuf>,
    /// What is told of TURN servers.
    #[command(flatten)]
    pub turn: Turn,
}

/// What both calls and `doctor` want to know about TURN servers.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct Turn {
    /// Trust the certificates in this PEM file for TURN over TLS, instead of those that browsers trust
    #[arg(long, value_name = "FILE")]
    pub turn_ca: Option<PathBuf>,
    /// Where you are, in degrees north and east (52.5,13.4), so that near TURN servers are tried first.
    /// It is told to nobody
    #[arg(long, value_name = "LAT,LON", value_parser = location, allow_hyphen_values = true)]
    pub location: Option<Location>,
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(
        |_| "wanted are an IP address and a port, such as 192.0.2.7:4000 or [2001:db8::7]:4000",
    )
}

fn location(text: &str) -> Result<Location, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    text.split_once(',')
        .and_then(|(north, east)| Location::new(number(north)?, number(east)?).ok())
        .ok_or_else(|| "wanted are degrees north and east on earth, such as 52.5,13.4".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn location_is_two_numbers_on_earth() {
        for good in ["52.5,13.4", "-33.9, -70", "0,0", "-90,180"] {
            assert!(location(good).is_ok(), "{good}");
        }
        for bad in ["", "52.5", "52.5;13.4", "91,0", "0,181", "north,east", "1,2,3", "NaN,0"] {
            assert!(location(bad).is_err(), "{bad}");
        }
    }
}
