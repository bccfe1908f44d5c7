/// The simulcast layers of a section (RFC 8853 §5.1), each named by its restriction identifier
/// (RFC 8851), in the order of the description.
///
/// Of alternatives (`a,b`) the first one counts; whether a layer begins paused (`~a`) and what
/// restricts it is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Simulcast {
    pub(crate) send: Vec<String>,
    pub(crate) recv: Vec<String>,
}

impl Simulcast {
    /// The layers that the writer would send.
    pub fn send(&self) -> &[String] {
        &self.send
    }

    /// The layers that the writer would receive.
    pub fn recv(&self) -> &[String] {
        &self.recv
    }

    /// Sends these layers.
    pub(crate) fn sending(rids: &[&str]) -> Self {
        Self { send: rids.iter().map(|rid| (*rid).to_owned()).collect(), recv: Vec::new() }
    }

    /// Each direction that has layers, by its name in the description.
    pub(crate) fn directions(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        [("send", self.send.as_slice()), ("recv", self.recv.as_slice())]
            .into_iter()
            .filter(|(_, rids)| !rids.is_empty())
    }
}
