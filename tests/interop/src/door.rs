use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;

/// A peer's HTTP door.
pub(crate) struct Door {
    agent: ureq::Agent,
    port: u16,
    who: &'static str,
}

/// An offer or an answer, as browsers and aiortc write them in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Description {
    pub(crate) sdp: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// Gathering and a browser's permissions take their time; nothing takes this long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Largest answer that is read.
const MAX_BODY: u64 = 1 << 20;

impl Door {
    pub(crate) fn new(who: &'static str, port: u16) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            // A door closes connections that rest, and a request on one of those would fail.
            .max_idle_connections(0)
            .proxy(None)
            .build();
        Self { agent: config.into(), port, who }
    }

    /// Whether anybody answers, even with an error: a door may have no statistics before the first call.
    /// "Service unavailable" says that a browser is still starting.
    pub(crate) fn is_open(&self) -> bool {
        let answer = self.agent.get(self.url("/stats")).call();
        answer.is_ok_and(|answer| answer.status() != ureq::http::StatusCode::SERVICE_UNAVAILABLE)
    }

    /// Asks for an offer.
    pub(crate) fn make_offer(&self, query: &str) -> Result<Description, Error> {
        self.get(&format!("/mkoffer?{query}"))
    }

    /// Gives an offer, takes the answer.
    pub(crate) fn offer(&self, offer: &Description) -> Result<Description, Error> {
        self.post("/offer", offer)
    }

    /// Gives the answer to an offer of its own.
    pub(crate) fn answer(&self, answer: &Description) -> Result<Value, Error> {
        self.post("/answer", answer)
    }

    pub(crate) fn stats(&self) -> Result<Stats, Error> {
        self.get("/stats").map(Stats)
    }

    pub(crate) fn close(&self) -> Result<Value, Error> {
        self.get("/close")
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn get<T: for<'a> Deserialize<'a>>(&self, path: &str) -> Result<T, Error> {
        self.read(format!("GET {path}"), self.agent.get(self.url(path)).call())
    }

    fn post<T: for<'a> Deserialize<'a>>(&self, path: &str, body: &Description) -> Result<T, Error> {
        self.read(format!("POST {path}"), self.agent.post(self.url(path)).send_json(body))
    }

    fn read<T: for<'a> Deserialize<'a>>(
        &self,
        request: String,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<T, Error> {
        let outcome = response.map_err(|error| error.to_string()).and_then(|mut response| {
            let status = response.status();
            let body = response.body_mut().with_config().limit(MAX_BODY).read_to_string();
            let body = body.map_err(|error| error.to_string())?;
            if !status.is_success() {
                return Err(format!("{status}: {body}"));
            }
            serde_json::from_str(&body).map_err(|error| format!("{error} in {body}"))
        });
        outcome.map_err(|cause| Error::Door { who: self.who, request, cause })
    }
}

/// What a peer says of itself. Doors differ, so that everything may be missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats(pub(crate) Value);

impl Stats {
    /// A text under `key`.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    /// What it received of `media`: one of the numbers in `rx`.
    pub(crate) fn received(&self, media: &str, key: &str) -> Option<f64> {
        self.0.get("rx")?.get(media)?.get(key)?.as_f64()
    }

    /// The colour in the middle of the left half of what it received last.
    pub(crate) fn left_pixel(&self) -> Option<[f64; 3]> {
        let pixel = self.0.get("rx")?.get("video")?.get("leftpx")?.as_array()?;
        let values: Vec<f64> = pixel.iter().filter_map(Value::as_f64).collect();
        values.try_into().ok()
    }

    /// The ICE pair that media takes: local and remote candidate.
    pub(crate) fn pair(&self) -> Option<(String, String)> {
        let pair = self.0.get("pair")?;
        // A list of pairs, or one pair.
        let pair = pair.get(0).filter(|first| first.is_array()).unwrap_or(pair);
        Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pair_may_stand_in_a_list_or_alone() {
        let wanted = Some(("a".to_owned(), "b".to_owned()));
        assert_eq!(Stats(json!({"pair": [["a", "b"]]})).pair(), wanted);
        assert_eq!(Stats(json!({"pair": ["a", "b"]})).pair(), wanted);
        assert_eq!(Stats(json!({"pair": null})).pair(), None);
        assert_eq!(Stats(json!({})).pair(), None);
    }

    #[test]
    fn what_is_missing_is_nothing() {
        let stats = Stats(json!({"rx": {"audio": {"frames": 5}}, "srtp": ""}));
        assert_eq!(stats.received("audio", "frames"), Some(5.0));
        assert_eq!(stats.received("video", "frames"), None);
        assert_eq!(stats.text("srtp"), None);
        assert_eq!(stats.left_pixel(), None);
    }
}
