//! Synchronisation sources of a section.

use std::collections::{HashMap, HashSet};

use sdp_types::Media;

use crate::{Error, MAX_SOURCES, Source};

use super::values;

/// The sources in order; retransmission streams (RFC 5576 §4.2, `FID`) belong to what they repeat.
pub(super) fn read(media: &Media) -> Result<Vec<Source>, Error> {
    let repeats = retransmissions(media)?;
    let repeating: HashSet<u32> = repeats.values().copied().collect();
    let mut index = HashMap::new();
    let mut sources: Vec<Source> = Vec::new();
    for (ssrc, attribute) in values(&media.attributes, "ssrc").filter_map(|v| v.split_once(' ')) {
        let Ok(ssrc) = ssrc.parse::<u32>() else { continue };
        if repeating.contains(&ssrc) {
            continue;
        }
        let at = *index.entry(ssrc).or_insert(sources.len());
        if at == sources.len() {
            if at >= MAX_SOURCES {
                return Err(Error::TooMany);
            }
            sources.push(Source { ssrc, cname: None, rtx_ssrc: repeats.get(&ssrc).copied() });
        }
        if let (Some(source), Some(cname)) = (sources.get_mut(at), attribute.strip_prefix("cname:"))
        {
            source.cname.get_or_insert_with(|| cname.to_owned());
        }
    }
    Ok(sources)
}

/// Which source is repeated by which.
fn retransmissions(media: &Media) -> Result<HashMap<u32, u32>, Error> {
    let mut repeats = HashMap::new();
    for group in values(&media.attributes, "ssrc-group").filter_map(|v| v.strip_prefix("FID ")) {
        let mut ssrcs = group.split(' ').filter_map(|ssrc| ssrc.parse::<u32>().ok());
        if let (Some(of), Some(by)) = (ssrcs.next(), ssrcs.next()) {
            if repeats.len() >= MAX_SOURCES {
                return Err(Error::TooMany);
            }
            repeats.entry(of).or_insert(by);
        }
    }
    Ok(repeats)
}
