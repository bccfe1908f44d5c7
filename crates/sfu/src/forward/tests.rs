//! What a receiver sees in the situations that the layers were made for. Random situations are in `fuzzing`.

use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_primitives::Instant;
use zentalk_srtp_media::rtp::{RtpHeader, RtpPacket};

use super::limits::{MAX_OVERHEAD, MAX_PAYLOAD};
use super::vp8::Vp8Head;
use super::*;

const ROUND_TRIP: Duration = Duration::from_millis(50);

/// A frame of one packet, as a sender makes it.
#[derive(Clone, Copy)]
struct Frame {
    layer: u8,
    number: u16,
    keyframe: bool,
    temporal: u8,
    sync: bool,
}

impl Frame {
    fn new(layer: u8, number: u16) -> Self {
        Self { layer, number, keyframe: false, temporal: 0, sync: false }
    }

    fn keyframe(layer: u8, number: u16) -> Self {
        Self { keyframe: true, ..Self::new(layer, number) }
    }

    fn temporal(number: u16, temporal: u8, sync: bool) -> Self {
        Self { temporal, sync, ..Self::new(0, number) }
    }

    /// Each layer has numbers and timestamps of its own: the frame with number `n` has picture id `n` in all.
    fn timestamp(self) -> u32 {
        u32::from(self.layer) * 1_000_000 + u32::from(self.number) * 3_000
    }

    fn packet(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        RtpHeader::new(96, self.number, self.timestamp(), 1)
            .marker(true)
            .write(&[], &[], &mut bytes)
            .unwrap();
        let [high, low] = (self.number | 0x8000).to_be_bytes();
        let layers = self.temporal << 6 | if self.sync { 0x20 } else { 0 };
        let first = if self.keyframe { 0x10 } else { 0x11 };
        bytes.extend([0x90, 0xe0, high, low, self.number as u8, layers, first, self.layer]);
        bytes
    }
}

struct Slot {
    now: Instant,
    track: Track,
    outlet: Outlet,
}

/// What came out: sequence number, timestamp, picture id, layer.
type Seen = (u16, u32, u16, u8);

impl Slot {
    fn video() -> Self {
        let mut config = TrackConfig::new(PayloadFormat::Vp8, 90_000, 96);
        config.rtx_payload_type = Some(97);
        let track = Track::new(TrackId(1), &config);
        Self { now: Instant::from_millis(5_000), track, outlet: receiver(3) }
    }

    fn want(&mut self, spatial: u8) {
        self.outlet.want(Some(LayerChoice::whole(spatial)));
    }

    fn frame(&mut self, frame: Frame) -> Option<Seen> {
        let packet = self.track.handle_rtp(self.now, frame.layer, &frame.packet()).unwrap();
        let mut out = [0; MAX_PAYLOAD + MAX_OVERHEAD];
        let len = self.outlet.forward(self.now, &mut self.track, packet, 0, &mut out)?;
        let parsed = RtpPacket::parse(&out[..len]).unwrap();
        let picture = picture_id(parsed.payload());
        let layer = parsed.payload()[7];
        Some((parsed.sequence_number(), parsed.timestamp(), picture, layer))
    }

    fn wait(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }
}

/// What a receiver with other first numbers than others gets of the track.
fn receiver(seed: u64) -> Outlet {
    let mut config = OutletConfig::new(PayloadFormat::Vp8, 90_000, 5, 96);
    config.rtx = Some((6, 97));
    let mut outlet = Outlet::new(&config, &mut ChaCha20Rng::seed_from_u64(seed)).unwrap();
    outlet.switch_to(Some(TrackId(1)));
    outlet
}

fn picture_id(payload: &[u8]) -> u16 {
    Vp8Head::parse(payload).unwrap().picture_id.unwrap().value()
}

fn follows(earlier: Seen, later: Seen) -> bool {
    later.0 == earlier.0.wrapping_add(1) && later.2 == (earlier.2 + 1) & 0x7fff
}

#[test]
fn a_higher_layer_takes_over_at_its_keyframe_and_the_lower_goes_on_until_then() {
    let mut slot = Slot::video();
    slot.want(0);
    assert_eq!(slot.outlet.needs_keyframe(), Some(0));
    assert_eq!(slot.frame(Frame::new(0, 9)), None, "a stream begins with a keyframe");
    let first = slot.frame(Frame::keyframe(0, 10)).unwrap();
    slot.want(2);
    assert_eq!((slot.outlet.needs_keyframe(), slot.outlet.layer()), (Some(2), Some(0)));
    slot.wait(33);
    assert_eq!(slot.frame(Frame::new(2, 500)), None);
    let second = slot.frame(Frame::new(0, 11)).unwrap();
    slot.wait(33);
    let third = slot.frame(Frame::keyframe(2, 501)).unwrap();
    assert!(follows(first, second) && follows(second, third));
    assert_eq!((first.3, second.3, third.3), (0, 0, 2));
    assert_eq!(slot.frame(Frame::new(0, 12)), None);
    assert_eq!((slot.outlet.needs_keyframe(), slot.outlet.layer()), (None, Some(2)));
    assert_eq!(third.1.wrapping_sub(second.1), 33 * 90, "by arrival, without reports");
}

#[test]
fn sender_reports_align_the_clocks_of_two_layers() {
    let mut slot = Slot::video();
    slot.want(0);
    // Frame 10 of one layer and frame 500 of the other were captured at the same moment.
    let (low, high) = (Frame::keyframe(0, 10), Frame::keyframe(1, 500));
    slot.track.handle_sender_report(slot.now, 0, 7 << 32, low.timestamp());
    slot.track.handle_sender_report(slot.now, 1, 7 << 32, high.timestamp());
    let first = slot.frame(low).unwrap();
    slot.want(1);
    // It arrives late, which its timestamp must not show.
    slot.wait(250);
    let second = slot.frame(Frame::keyframe(1, 503)).unwrap();
    assert_eq!(second.1.wrapping_sub(first.1), 3 * 3_000);
    let info = slot.outlet.sender_info(&slot.track).unwrap();
    assert_eq!((info.ntp_time, info.rtp_time), (7 << 32, first.1));
    assert_eq!((info.packet_count, info.octet_count), (2, 16));
}

/// RFC 7741 §4.2: more temporal layers only where `Y` says that nothing left out is referred to.
#[test]
fn temporal_layers_go_and_come_back_without_a_hole() {
    let mut slot = Slot::video();
    slot.want(0);
    let mut seen = vec![slot.frame(Frame::keyframe(0, 100)).unwrap()];
    seen.extend(slot.frame(Frame::temporal(101, 2, false)));
    slot.outlet.want(Some(LayerChoice { spatial: 0, temporal: 0 }));
    assert_eq!(slot.frame(Frame::temporal(102, 1, false)), None);
    assert_eq!(slot.frame(Frame::temporal(103, 2, false)), None);
    seen.extend(slot.frame(Frame::temporal(104, 0, false)));
    slot.want(0);
    assert_eq!(slot.frame(Frame::temporal(105, 2, false)), None, "it refers to 102");
    assert!(slot.frame(Frame::temporal(106, 1, true)).is_some_and(|frame| {
        seen.push(frame);
        true
    }));
    assert_eq!(slot.frame(Frame::temporal(107, 2, false)), None, "it may refer to 105");
    seen.extend(slot.frame(Frame::temporal(108, 2, true)));
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|pair| follows(pair[0], pair[1])), "{seen:?}");
}

#[test]
fn a_late_packet_takes_the_place_that_was_kept_for_it() {
    let mut slot = Slot::video();
    slot.want(0);
    let first = slot.frame(Frame::keyframe(0, 20)).unwrap();
    let third = slot.frame(Frame::new(0, 22)).unwrap();
    assert_eq!(third.0, first.0.wrapping_add(2));
    slot.want(1);
    let fourth = slot.frame(Frame::keyframe(1, 7)).unwrap();
    // Another layer has taken over since.
    let second = slot.frame(Frame::new(0, 21)).unwrap();
    assert!(follows(third, fourth));
    assert_eq!((second.0, second.1 > first.1, second.1 < third.1), (first.0 + 1, true, true));
    assert_eq!(slot.track.handle_rtp(slot.now, 0, &Frame::new(0, 21).packet()), None, "it came");
}

#[test]
fn what_takes_over_does_not_begin_in_the_middle_of_a_keyframe() {
    let mut slot = Slot::video();
    slot.want(0);
    slot.track.handle_rtp(slot.now, 0, &Frame::new(0, 21).packet()).unwrap();
    assert_eq!(slot.frame(Frame::keyframe(0, 20)), None, "what came before it is gone");
    assert_eq!(slot.outlet.needs_keyframe(), Some(0));
    assert!(slot.frame(Frame::keyframe(0, 22)).is_some());
}

/// Numbers are written where the packet is stored, for each receiver anew.
#[test]
fn a_packet_is_repeated_with_its_own_numbers_after_another_receiver_got_it() {
    let mut slot = Slot::video();
    slot.want(0);
    let mut other = receiver(4);
    other.want(Some(LayerChoice::whole(0)));
    let (now, mut out) = (slot.now, [0; MAX_PAYLOAD + MAX_OVERHEAD]);
    let bytes = Frame::keyframe(0, 10).packet();
    let packet = slot.track.handle_rtp(now, 0, &bytes).unwrap();
    let mut shown = [&mut slot.outlet, &mut other].map(|outlet| {
        let len = outlet.forward(now, &mut slot.track, packet, 0, &mut out).unwrap();
        let parsed = RtpPacket::parse(&out[..len]).unwrap();
        (parsed.sequence_number(), picture_id(parsed.payload()))
    });
    assert_ne!(shown[0].1, shown[1].1);
    // Whoever got it first asks last, and again.
    for outlet in [&mut other, &mut slot.outlet] {
        shown.reverse();
        let (sequence, picture) = shown[0];
        let len = outlet.repeat(now, &slot.track, sequence, ROUND_TRIP, 9, &mut out).unwrap();
        let parsed = RtpPacket::parse(&out[..len]).unwrap();
        assert_eq!(picture_id(&parsed.payload()[2..]), picture);
    }
}

/// RFC 4588 §4.
#[test]
fn a_packet_is_repeated_as_it_went_out_and_within_bounds() {
    let mut slot = Slot::video();
    slot.want(0);
    let (sequence, timestamp, picture, _) = slot.frame(Frame::keyframe(0, 10)).unwrap();
    let mut out = [0; 200];
    let mut repeat = |slot: &mut Slot, sequence| {
        let len = slot.outlet.repeat(slot.now, &slot.track, sequence, ROUND_TRIP, 9, &mut out)?;
        let packet = RtpPacket::parse(&out[..len]).unwrap();
        assert_eq!((packet.ssrc(), packet.payload_type()), (6, 97));
        assert_eq!(
            (packet.timestamp(), &packet.payload()[..2]),
            (timestamp, &sequence.to_be_bytes()[..])
        );
        assert_eq!(picture_id(&packet.payload()[2..]), picture);
        Some(packet.sequence_number())
    };
    let first = repeat(&mut slot, sequence).unwrap();
    assert_eq!(repeat(&mut slot, sequence), None, "within a round trip");
    assert_eq!(repeat(&mut slot, sequence.wrapping_sub(1)), None, "it never went out");
    slot.wait(50);
    assert_eq!(repeat(&mut slot, sequence), Some(first + 1));
    slot.wait(2_000);
    assert_eq!(repeat(&mut slot, sequence), None, "too old");
    let stats = slot.outlet.stats();
    assert_eq!((stats.repeated, stats.refused), (2, 3));
}

#[test]
fn a_receiver_that_asks_for_everything_again_and_again_gets_little() {
    let mut slot = Slot::video();
    slot.want(0);
    let sent: Vec<_> = (0..100).filter_map(|at| slot.frame(Frame::keyframe(0, at))).collect();
    let mut out = [0; 200];
    let mut bytes = 0;
    for _ in 0..30 {
        slot.wait(60);
        for (sequence, ..) in &sent {
            let len = slot.outlet.repeat(slot.now, &slot.track, *sequence, ROUND_TRIP, 0, &mut out);
            bytes += len.unwrap_or(0);
        }
    }
    assert!(bytes <= limits::INITIAL_REPEAT_BURST + 100 * 20, "{bytes} bytes");
}

fn audio_packet(number: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    RtpHeader::new(111, number, timestamp, 1).write(&[], &[], &mut bytes).unwrap();
    bytes.extend(payload);
    bytes
}

#[test]
fn sound_changes_speakers_at_any_packet() {
    let config = TrackConfig::new(PayloadFormat::Opaque, 48_000, 111);
    let mut tracks = [Track::new(TrackId(1), &config), Track::new(TrackId(2), &config)];
    let outlet = OutletConfig::new(PayloadFormat::Opaque, 48_000, 5, 111);
    let mut outlet = Outlet::new(&outlet, &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
    outlet.want(Some(LayerChoice::whole(0)));
    let mut now = Instant::from_millis(1);
    let mut seen = vec![];
    for at in 0..20_u16 {
        let speaker = usize::from(at / 5 % 2);
        outlet.switch_to(Some(TrackId(1 + speaker as u64)));
        assert_eq!(outlet.needs_keyframe(), None);
        let mut out = [0; 100];
        for (who, track) in tracks.iter_mut().enumerate() {
            let timestamp = (who as u32 * 0x7000_0000).wrapping_add(u32::from(at) * 960);
            let bytes = audio_packet(at.wrapping_add(60_000), timestamp, &[at as u8; 40]);
            let packet = track.handle_rtp(now, 0, &bytes).unwrap();
            if let Some(len) = outlet.forward(now, track, packet, 0, &mut out) {
                let packet = RtpPacket::parse(&out[..len]).unwrap();
                assert_eq!((who, packet.payload()), (speaker, &[at as u8; 40][..]));
                seen.push((packet.sequence_number(), packet.timestamp()));
            }
        }
        now += Duration::from_millis(20);
    }
    assert_eq!(seen.len(), 20);
    for pair in seen.windows(2) {
        assert_eq!(pair[1].0, pair[0].0.wrapping_add(1));
        assert_eq!(pair[1].1.wrapping_sub(pair[0].1), 960);
    }
    assert_eq!(
        (outlet.stats().switches, outlet.memory()),
        (4, 0),
        "no history without repetitions"
    );
}

#[test]
fn missing_packets_are_asked_for_after_a_moment_and_given_up_in_the_end() {
    let mut slot = Slot::video();
    for number in [10, 11, 14] {
        slot.track.handle_rtp(slot.now, 1, &Frame::new(1, number).packet()).unwrap();
    }
    let due = slot.track.next_nack().unwrap();
    assert_eq!(due, slot.now + Duration::from_millis(10));
    slot.track.handle_rtp(slot.now, 1, &Frame::new(1, 12).packet()).unwrap();
    let mut numbers = vec![];
    slot.track.nacks_due(due, 0, ROUND_TRIP, &mut numbers);
    assert!(numbers.is_empty(), "another layer");
    slot.track.nacks_due(due, 1, ROUND_TRIP, &mut numbers);
    assert_eq!(numbers, [13]);
    slot.track.nacks_due(due + ROUND_TRIP, 1, ROUND_TRIP, &mut numbers);
    assert!(numbers.is_empty(), "the answer may be on its way");
    // RFC 4588 §4: the retransmission names the number that was missing.
    let mut rtx = Vec::new();
    RtpHeader::new(97, 3, Frame::new(1, 13).timestamp(), 2).write(&[], &[], &mut rtx).unwrap();
    rtx.extend(13_u16.to_be_bytes());
    rtx.extend(&Frame::new(1, 13).packet()[12..]);
    assert!(slot.track.handle_rtx(slot.now, 1, &rtx).is_some());
    assert_eq!(slot.track.next_nack(), None);
    assert_eq!((slot.track.stats().recovered, slot.track.stats().given_up), (1, 0));
}

/// RFC 3550 §6.4.1.
#[test]
fn a_report_counts_what_did_not_come() {
    let mut slot = Slot::video();
    assert_eq!(slot.track.report(slot.now, 0, 77), None);
    for number in (0..100).filter(|number| number % 4 != 3) {
        slot.track.handle_rtp(slot.now, 0, &Frame::new(0, number).packet()).unwrap();
    }
    slot.track.handle_sender_report(slot.now, 0, 0x1234_5678_9abc_def0, 5);
    slot.wait(500);
    let block = slot.track.report(slot.now, 0, 77).unwrap();
    assert_eq!((block.ssrc, block.highest_sequence), (77, 98));
    assert_eq!((block.cumulative_lost, block.fraction_lost), (24, (24 * 256 / 99) as u8));
    assert_eq!(block.last_sender_report, 0x5678_9abc);
    assert_eq!(block.delay_since_last_sender_report, 65_536 / 2);
    assert_eq!(slot.track.report(slot.now, 0, 77), None, "nothing was heard since");
}

#[test]
fn what_is_no_packet_of_the_track_is_refused_and_changes_nothing() {
    let mut slot = Slot::video();
    slot.want(0);
    slot.frame(Frame::keyframe(0, 10)).unwrap();
    let good = Frame::new(0, 11).packet();
    let mut other_type = good.clone();
    other_type[1] = 98;
    let mut too_long = good.clone();
    too_long.resize(12 + MAX_PAYLOAD + 1, 0);
    for bad in [&other_type, &too_long, &good[..13].to_vec(), &vec![], &vec![0x80; 12]] {
        assert_eq!(slot.track.handle_rtp(slot.now, 0, bad), None);
    }
    assert_eq!(slot.track.handle_rtp(slot.now, 3, &good), None, "there are three layers");
    assert_eq!((slot.track.stats().packets, slot.track.stats().refused), (1, 6));
    assert!(slot.frame(Frame::new(0, 11)).is_some());
}

#[test]
fn a_track_remembers_no_more_than_its_bounds() {
    let mut slot = Slot::video();
    let mut packet = Frame::new(0, 0).packet();
    packet.resize(12 + 1_100, 7);
    for number in 0..5_000_u16 {
        packet[2..4].copy_from_slice(&number.to_be_bytes());
        slot.track.handle_rtp(slot.now, 0, &packet).unwrap();
    }
    assert!(slot.track.memory() < limits::VIDEO_CACHE_BYTES + 200 * limits::VIDEO_CACHE_PACKETS);
}
