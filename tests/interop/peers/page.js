// The browser's half of chromium_peer.mjs: one peer connection that sends microphone and camera, and
// hands every decoded sample and picture back.
'use strict';

/** Samples of one request: a tenth of a second. */
const SOUND_BATCH = 4800;
const DTLS = { FEFF: 'DTLSv1.0', FEFD: 'DTLSv1.2', FEFC: 'DTLSv1.3' };

let connection = null;

function renew() {
  connection?.close();
  connection = new RTCPeerConnection({ iceServers: [] });
  connection.ontrack = ({ track }) => {
    const keep = track.kind === 'audio' ? keepSound : keepPictures;
    keep(new MediaStreamTrackProcessor({ track }).readable.getReader()).catch((error) =>
      console.error(`${track.kind}: ${error}`),
    );
    if (track.kind === 'audio') play(track);
  };
  return connection;
}

/** Chromium decodes remote sound only for somebody who listens. */
function play(track) {
  const element = new Audio();
  element.srcObject = new MediaStream([track]);
  element.play();
}

async function* each(reader) {
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

async function keepSound(reader) {
  let batch = [];
  let rate = 0;
  for await (const data of each(reader)) {
    rate = data.sampleRate;
    const samples = new Float32Array(data.numberOfFrames);
    data.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
    data.close();
    batch.push(...samples);
    if (batch.length >= SOUND_BATCH) {
      const full = Int16Array.from(batch, (x) => Math.max(-1, Math.min(1, x)) * 32767);
      batch = [];
      await fetch(`/sink/audio?rate=${rate}`, { method: 'POST', body: full });
    }
  }
}

async function keepPictures(reader) {
  for await (const frame of each(reader)) {
    const { width, height } = frame.visibleRect;
    const bytes = new Uint8Array(frame.allocationSize());
    await frame.copyTo(bytes);
    const format = frame.format;
    frame.close();
    await fetch(`/sink/video?format=${format}&width=${width}&height=${height}`, {
      method: 'POST',
      body: bytes,
    });
  }
}

/** Adds microphone and camera, as files that nothing may improve upon. */
async function capture({ audio, video }) {
  const plain = { echoCancellation: false, autoGainControl: false, noiseSuppression: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: audio && plain, video });
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
}

async function gathered() {
  while (connection.iceGatheringState !== 'complete') {
    await new Promise((next) => {
      connection.addEventListener('icegatheringstatechange', next, { once: true });
    });
  }
  const { sdp, type } = connection.localDescription;
  return { sdp, type };
}

/** Puts a codec first; what else the browser knows stays in its offer, as with any web page. */
function prefer(codec) {
  const known = RTCRtpReceiver.getCapabilities('video').codecs;
  const is = ({ mimeType }) => mimeType.toLowerCase() === `video/${codec.toLowerCase()}`;
  const ordered = [...known.filter(is), ...known.filter((other) => !is(other))];
  const transceiver = connection.getTransceivers().find((t) => t.sender.track?.kind === 'video');
  transceiver.setCodecPreferences(ordered);
}

globalThis.peer = {
  async offer({ audio, video }) {
    renew();
    await capture({ audio, video: video !== '0' });
    if (video !== '0') prefer(video);
    await connection.setLocalDescription();
    return gathered();
  },

  async answer(description) {
    renew();
    await connection.setRemoteDescription(description);
    const kinds = connection.getTransceivers().map((t) => t.receiver.track.kind);
    await capture({ audio: kinds.includes('audio'), video: kinds.includes('video') });
    await connection.setLocalDescription();
    return gathered();
  },

  accept(description) {
    return connection.setRemoteDescription(description);
  },

  close() {
    connection?.close();
  },

  async stats() {
    if (!connection) return { state: 'new' };
    const all = new Map(await connection.getStats());
    const transport = [...all.values()].find(({ type }) => type === 'transport') ?? {};
    const pair = all.get(transport.selectedCandidatePairId);
    const outbound = [...all.values()].filter(({ type }) => type === 'outbound-rtp');
    return {
      state: connection.connectionState,
      ice: connection.iceConnectionState,
      role: transport.dtlsRole,
      dtlsVersion: DTLS[transport.tlsVersion] ?? transport.tlsVersion,
      dtlsCipher: transport.dtlsCipher,
      srtp: transport.srtpCipher,
      pair: pair && [[endpoint(all.get(pair.localCandidateId)), endpoint(all.get(pair.remoteCandidateId))]],
      codecs: outbound.map(({ kind, codecId }) => [kind, [all.get(codecId)?.mimeType]]),
      tx: Object.fromEntries(outbound.map(({ kind, framesSent, packetsSent, frameWidth, frameHeight, targetBitrate }) =>
        [kind, { frames: framesSent, packets: packetsSent, size: [frameWidth, frameHeight], targetBitrate }])),
    };
  },
};

function endpoint(candidate) {
  return candidate && `${candidate.candidateType} ${candidate.address}:${candidate.port}/${candidate.protocol}`;
}
