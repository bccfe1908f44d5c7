#!/usr/bin/env python3
"""An aiortc peer behind the HTTP door.

    POST /offer    {sdp,type}               its answer
    GET  /mkoffer  ?video=VP8|0 &audio=1|0  its offer
    POST /answer   {sdp,type}               takes the answer to that offer
    GET  /stats                             what was negotiated and what arrived
    GET  /close                             ends the connection and completes the recordings

Environment:
    PORT      where the door listens, on 127.0.0.1
    SPEECH    a WAV file, 48 kHz, 16 bit, mono: sent again and again
    FILM      a video file: sent again and again
    RECORD    a folder: what arrives is written there, audio.wav and video-WIDTHxHEIGHT.y4m
    HOSTADDR  the only address to gather (127.0.0.1: aioice leaves it out by itself)
    PROFILES  the SRTP profiles to offer, by OpenSSL's names, with commas between

It ends when its standard input does, so that nothing is left behind.
"""

import asyncio
import fractions
import os
import sys
import time
import wave

import aiortc
import av
import numpy as np
from aiohttp import web
from aioice import ice
from aiortc import rtcdtlstransport

RATE = 48_000
AUDIO_FRAME = RATE // 50
VIDEO_CLOCK = 90_000


class Pace:
    """Lets a track go on in real time, whatever each frame costs."""

    def __init__(self):
        self.start = None

    async def until(self, seconds):
        now = time.monotonic()
        if self.start is None:
            self.start = now
        await asyncio.sleep(max(0.0, self.start + seconds - now))


class Speech(aiortc.MediaStreamTrack):
    """A WAV file, 20 ms at a time, without end."""

    kind = "audio"

    def __init__(self, path):
        super().__init__()
        with wave.open(path) as file:
            assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (RATE, 2, 1)
            self.samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        self.pace = Pace()
        self.position = 0

    async def recv(self):
        await self.pace.until(self.position / RATE)
        indices = (np.arange(AUDIO_FRAME) + self.position) % len(self.samples)
        frame = av.AudioFrame.from_ndarray(self.samples[indices].reshape(1, -1), "s16", "mono")
        frame.sample_rate = RATE
        frame.pts = self.position
        frame.time_base = fractions.Fraction(1, RATE)
        self.position += AUDIO_FRAME
        return frame


class Film(aiortc.MediaStreamTrack):
    """A video file, picture by picture, without end."""

    kind = "video"

    def __init__(self, path):
        super().__init__()
        with av.open(path) as file:
            stream = file.streams.video[0]
            self.rate = float(stream.average_rate or 25)
            self.pictures = [p.to_ndarray(format="yuv420p") for p in file.decode(stream)]
        self.pace = Pace()
        self.index = 0

    async def recv(self):
        seconds = self.index / self.rate
        await self.pace.until(seconds)
        picture = self.pictures[self.index % len(self.pictures)]
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = round(seconds * VIDEO_CLOCK)
        frame.time_base = fractions.Fraction(1, VIDEO_CLOCK)
        self.index += 1
        return frame


class SoundSink:
    """Counts sound and keeps it."""

    def __init__(self, folder):
        self.seen = {"frames": 0, "samples": 0}
        self.file = None
        if folder:
            self.file = wave.open(os.path.join(folder, "audio.wav"), "wb")
            self.file.setparams((1, 2, RATE, 0, "NONE", ""))

    def take(self, frame):
        channels = len(frame.layout.channels)
        samples = frame.to_ndarray().reshape(-1)[::channels].astype(np.int16)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        self.seen["frames"] += 1
        self.seen["samples"] += len(samples)
        self.seen["rate"] = frame.sample_rate
        self.seen["rms"] = float(np.sqrt(np.mean(samples.astype(float) ** 2)))
        self.seen["peakHz"] = float(np.argmax(spectrum) * frame.sample_rate / len(samples))
        if self.file:
            self.file.writeframes(samples.tobytes())

    def close(self):
        if self.file:
            self.file.close()


class PictureSink:
    """Counts pictures and keeps them: one file for each size, since Y4M has one size."""

    def __init__(self, folder):
        self.seen = {"frames": 0}
        self.folder = folder
        self.files = {}

    def take(self, frame):
        size = (frame.width, frame.height)
        self.seen["frames"] += 1
        self.seen["size"] = list(size)
        if self.seen["frames"] % 25 == 1:
            rgb = frame.to_ndarray(format="rgb24")
            self.seen["leftpx"] = rgb[frame.height // 2, frame.width // 4].tolist()
        if self.folder:
            file = self.files.get(size) or self.open(size)
            file.write(b"FRAME\n" + frame.to_ndarray(format="yuv420p").tobytes())

    def open(self, size):
        width, height = size
        path = os.path.join(self.folder, f"video-{width}x{height}.y4m")
        self.files[size] = open(path, "wb")
        self.files[size].write(f"YUV4MPEG2 W{width} H{height} F25:1 Ip C420jpeg\n".encode())
        return self.files[size]

    def close(self):
        for file in self.files.values():
            file.close()


class Peer:
    """One peer connection, what it sends and what it keeps."""

    def __init__(self):
        self.connection = aiortc.RTCPeerConnection()
        self.sinks = {}
        self.tasks = []
        self.connection.on("track", self.listen)

    def listen(self, track):
        sink = SoundSink if track.kind == "audio" else PictureSink
        sink = self.sinks[track.kind] = sink(os.environ.get("RECORD"))
        self.tasks.append(asyncio.ensure_future(self.drain(track, sink)))

    async def drain(self, track, sink):
        while True:
            try:
                sink.take(await track.recv())
            except aiortc.mediastreams.MediaStreamError:
                return

    def send(self, kind):
        self.connection.addTrack(
            Speech(os.environ["SPEECH"]) if kind == "audio" else Film(os.environ["FILM"])
        )

    async def offer(self, audio, video):
        if audio:
            self.send("audio")
        if video:
            self.send("video")
            known = aiortc.RTCRtpSender.getCapabilities("video").codecs
            wanted = [codec for codec in known if codec.name.lower() == video.lower()]
            self.connection.getTransceivers()[-1].setCodecPreferences(wanted)
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription

    async def answer(self, description):
        await self.accept(description)
        for transceiver in self.connection.getTransceivers():
            self.send(transceiver.kind)
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self.connection.localDescription

    async def accept(self, description):
        await self.connection.setRemoteDescription(
            aiortc.RTCSessionDescription(description["sdp"], description["type"])
        )

    async def close(self):
        await self.connection.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for sink in self.sinks.values():
            sink.close()

    def stats(self):
        connection = self.connection
        seen = {
            "version": f"aiortc {aiortc.__version__}",
            "state": connection.connectionState,
            "ice": connection.iceConnectionState,
            "rx": {kind: sink.seen for kind, sink in self.sinks.items()},
            "codecs": [
                [t.kind, [codec.mimeType for codec in t._codecs]]
                for t in connection.getTransceivers()
            ],
        }
        if connection.connectionState == "connected":
            seen.update(self.security())
        return seen

    def security(self):
        # aiortc has no public getters for these.
        dtls = self.connection.getTransceivers()[0].receiver.transport
        pairs = dtls.transport._connection._nominated.values()
        return {
            "role": dtls._role,
            "dtlsVersion": dtls._ssl.get_protocol_version_name(),
            "dtlsCipher": dtls._ssl.get_cipher_name(),
            "srtp": dtls._ssl.get_selected_srtp_profile().decode(),
            "pair": [
                [endpoint(pair.local_candidate), endpoint(pair.remote_candidate)] for pair in pairs
            ],
        }


def endpoint(candidate):
    return f"{candidate.type} {candidate.host}:{candidate.port}/{candidate.transport}"


class Door:
    """The HTTP side: one peer connection at a time."""

    def __init__(self):
        self.peer = None

    async def renew(self):
        if self.peer:
            await self.peer.close()
        self.peer = Peer()
        return self.peer

    async def offer(self, request):
        peer = await self.renew()
        return reply(await peer.answer(await request.json()))

    async def mkoffer(self, request):
        peer = await self.renew()
        video = request.query.get("video", "VP8")
        audio = request.query.get("audio", "1") != "0"
        return reply(await peer.offer(audio, None if video == "0" else video))

    async def answer(self, request):
        await self.peer.accept(await request.json())
        return web.json_response({})

    async def stats(self, _request):
        return web.json_response(self.peer.stats() if self.peer else {"state": "new"})

    async def close(self, _request):
        if self.peer:
            await self.peer.close()
        return web.json_response({})


def reply(description):
    return web.json_response({"sdp": description.sdp, "type": description.type})


def narrow():
    """Takes away what the environment does not allow."""
    if only := os.environ.get("HOSTADDR"):
        ice.get_host_addresses = lambda **_: [only]
    if wanted := os.environ.get("PROFILES"):
        profiles = rtcdtlstransport.SRTP_PROFILES
        names = wanted.split(",")
        profiles[:] = [p for p in profiles if p.openssl_profile.decode() in names]


async def main():
    narrow()
    door = Door()
    app = web.Application()
    app.add_routes(
        [
            web.post("/offer", door.offer),
            web.get("/mkoffer", door.mkoffer),
            web.post("/answer", door.answer),
            web.get("/stats", door.stats),
            web.get("/close", door.close),
        ]
    )
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ.get("PORT", "8095"))).start()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
