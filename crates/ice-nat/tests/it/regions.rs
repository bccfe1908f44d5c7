//! Sixteen regions with data centres, people in twenty cities, and how long a packet takes between them and back.

use std::time::Duration;

pub(crate) type Place = (f64, f64);

/// As many as a ranking takes.
pub(crate) const SERVERS: &[(&str, Place)] = &[
    ("frankfurt", (50.11, 8.68)),
    ("london", (51.51, -0.13)),
    ("stockholm", (59.33, 18.07)),
    ("milan", (45.46, 9.19)),
    ("virginia", (39.04, -77.49)),
    ("oregon", (45.84, -119.70)),
    ("sao-paulo", (-23.55, -46.63)),
    ("johannesburg", (-26.20, 28.05)),
    ("bahrain", (26.07, 50.56)),
    ("mumbai", (19.08, 72.88)),
    ("singapore", (1.35, 103.82)),
    ("hong-kong", (22.32, 114.17)),
    ("tokyo", (35.68, 139.69)),
    ("seoul", (37.57, 126.98)),
    ("sydney", (-33.87, 151.21)),
    ("texas", (32.78, -96.80)),
];

/// A city, where it is, the nearest server on the map, and the quickest by cable.
pub(crate) const CLIENTS: &[(&str, Place, &str, &str)] = &[
    ("berlin", (52.52, 13.40), "frankfurt", "frankfurt"),
    ("dublin", (53.35, -6.26), "london", "london"),
    ("helsinki", (60.17, 24.94), "stockholm", "stockholm"),
    ("rome", (41.90, 12.50), "milan", "milan"),
    ("istanbul", (41.01, 28.98), "milan", "frankfurt"),
    ("new-york", (40.71, -74.01), "virginia", "virginia"),
    ("los-angeles", (34.05, -118.24), "oregon", "oregon"),
    ("mexico-city", (19.43, -99.13), "texas", "texas"),
    ("buenos-aires", (-34.60, -58.38), "sao-paulo", "sao-paulo"),
    ("lagos", (6.52, 3.38), "milan", "london"),
    ("nairobi", (-1.29, 36.82), "johannesburg", "johannesburg"),
    ("cape-town", (-33.92, 18.42), "johannesburg", "johannesburg"),
    ("tehran", (35.69, 51.39), "bahrain", "frankfurt"),
    ("delhi", (28.61, 77.21), "mumbai", "mumbai"),
    ("karachi", (24.86, 67.00), "mumbai", "bahrain"),
    ("jakarta", (-6.21, 106.85), "singapore", "singapore"),
    ("manila", (14.60, 120.98), "hong-kong", "hong-kong"),
    ("osaka", (34.69, 135.50), "tokyo", "tokyo"),
    ("vladivostok", (43.12, 131.89), "seoul", "tokyo"),
    ("perth", (-31.95, 115.86), "sydney", "singapore"),
];

/// Cables that do not follow the great circle, in milliseconds. The others take half as long again as it, and 8 ms.
const DETOURS: &[(&str, &str, u64)] = &[
    ("istanbul", "milan", 62),
    ("istanbul", "frankfurt", 44),
    ("lagos", "milan", 118),
    ("lagos", "london", 88),
    ("lagos", "johannesburg", 150),
    ("lagos", "frankfurt", 99),
    ("tehran", "bahrain", 160),
    ("tehran", "frankfurt", 95),
    ("tehran", "stockholm", 115),
    ("tehran", "milan", 112),
    ("tehran", "mumbai", 190),
    ("karachi", "mumbai", 120),
    ("karachi", "bahrain", 45),
    ("vladivostok", "seoul", 85),
    ("vladivostok", "tokyo", 48),
    ("perth", "sydney", 58),
    ("perth", "singapore", 49),
    ("nairobi", "bahrain", 140),
    ("nairobi", "mumbai", 130),
    ("los-angeles", "texas", 38),
];

/// There and back, without jitter.
pub(crate) fn round_trip(client: &str, server: &str) -> Duration {
    let detour = DETOURS.iter().find(|(from, to, _)| (*from, *to) == (client, server));
    if let Some((_, _, millis)) = detour {
        return Duration::from_millis(*millis);
    }
    let from = CLIENTS.iter().find(|known| known.0 == client).unwrap().1;
    let to = SERVERS.iter().find(|known| known.0 == server).unwrap().1;
    let place = |(latitude, longitude)| {
        zentalk_ice_nat::servers::Location::new(latitude, longitude).unwrap()
    };
    let micros = 8_000.0 + place(from).distance_km(&place(to)) * 15.0;
    Duration::from_micros(micros as u64)
}
