use core::net::IpAddr;

use crate::CandidateKind;

/// Numbers the foundations of our candidates (RFC 8445 §5.1.1.3): equal for the same kind, base
/// address and server. Bounded by the bounds on what candidates are made from.
#[derive(Default)]
pub(crate) struct Foundations(Vec<(CandidateKind, IpAddr, Option<IpAddr>)>);

impl Foundations {
    /// The foundation of a candidate of this `kind`, gathered from `base` through `server`.
    pub(crate) fn of(
        &mut self,
        kind: CandidateKind,
        base: IpAddr,
        server: Option<IpAddr>,
    ) -> String {
        let key = (kind, base, server);
        let index = self.0.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.0.push(key);
            self.0.len() - 1
        });
        (index + 1).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8445 §5.1.1.3.
    #[test]
    fn equal_origins_share_a_foundation() {
        let mut foundations = Foundations::default();
        let ip = |last| IpAddr::from([192, 0, 2, last]);
        let host = foundations.of(CandidateKind::Host, ip(1), None);
        assert_eq!(foundations.of(CandidateKind::Host, ip(1), None), host);
        assert_ne!(foundations.of(CandidateKind::Host, ip(2), None), host);
        let reflexive = foundations.of(CandidateKind::ServerReflexive, ip(1), Some(ip(9)));
        assert_ne!(reflexive, host);
        assert_ne!(foundations.of(CandidateKind::ServerReflexive, ip(1), Some(ip(8))), reflexive);
    }
}
