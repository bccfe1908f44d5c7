// Keeps what the page hands back: a WAV file and Y4M files, and the counts of /stats.

import fs from 'node:fs';
import path from 'node:path';

const RATE = 48000;
/** 20 ms, as the codec has them. */
const FRAME = RATE / 50;
const WAV_HEADER = 44;

export class Recorder {
  #folder;
  #wav = null;
  #films = new Map();
  #seen = {};

  /** Without a folder it only counts. */
  constructor(folder) {
    this.#folder = folder;
  }

  /** Mono samples of 16 bits at 48 kHz, little endian. */
  sound(bytes) {
    if (this.#folder) {
      this.#wav ??= this.#create('audio.wav', wavHeader(0));
      fs.writeSync(this.#wav, bytes);
    }
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
    const seen = (this.#seen.audio ??= { frames: 0, samples: 0, rate: RATE });
    seen.samples += samples.length;
    seen.frames = Math.floor(seen.samples / FRAME);
    seen.rms = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
    seen.peakHz = loudest(samples);
  }

  /** One I420 picture, its planes without padding. */
  picture(query, bytes) {
    const [width, height] = [Number(query.get('width')), Number(query.get('height'))];
    const seen = (this.#seen.video ??= { frames: 0 });
    seen.frames += 1;
    seen.size = [width, height];
    seen.format = query.get('format');
    if (seen.format !== 'I420' || bytes.length !== (width * height * 3) / 2) return;
    seen.leftpx = pixel(bytes, width, height);
    if (!this.#folder) return;
    const name = `video-${width}x${height}.y4m`;
    if (!this.#films.has(name)) {
      const header = Buffer.from(`YUV4MPEG2 W${width} H${height} F25:1 Ip C420jpeg\n`);
      this.#films.set(name, this.#create(name, header));
    }
    fs.writeSync(this.#films.get(name), Buffer.from('FRAME\n'));
    fs.writeSync(this.#films.get(name), bytes);
  }

  seen() {
    return this.#seen;
  }

  close() {
    if (this.#wav) {
      const length = fs.fstatSync(this.#wav).size - WAV_HEADER;
      fs.writeSync(this.#wav, wavHeader(length), 0, WAV_HEADER, 0);
      fs.closeSync(this.#wav);
      this.#wav = null;
      this.#folder = null;
    }
    for (const film of this.#films.values()) fs.closeSync(film);
    this.#films.clear();
    this.#folder = null;
  }

  #create(name, header) {
    const file = fs.openSync(path.join(this.#folder, name), 'w');
    fs.writeSync(file, header);
    return file;
  }
}

function wavHeader(length) {
  const header = Buffer.alloc(WAV_HEADER);
  header.write('RIFF', 0);
  header.writeUInt32LE(WAV_HEADER - 8 + length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(length, 40);
  return header;
}

/** The loudest frequency, in steps of 50 Hz, by Goertzel's sums over 20 ms. */
function loudest(samples) {
  const window = samples.subarray(0, RATE / 50);
  let best = { power: -1, hertz: 0 };
  for (let hertz = 50; hertz <= 4000; hertz += 50) {
    const factor = 2 * Math.cos((2 * Math.PI * hertz) / RATE);
    let [previous, before] = [0, 0];
    for (const x of window) [previous, before] = [x + factor * previous - before, previous];
    const power = previous * previous + before * before - factor * previous * before;
    if (power > best.power) best = { power, hertz };
  }
  return best.hertz;
}

/** The pixel in the middle of the left half, as RGB (BT.601, limited range). */
function pixel(bytes, width, height) {
  const [x, y] = [width >> 2, height >> 1];
  const chroma = (y >> 1) * (width >> 1) + (x >> 1);
  const luma = 1.164 * (bytes[y * width + x] - 16);
  const u = bytes[width * height + chroma] - 128;
  const v = bytes[(width * height * 5) / 4 + chroma] - 128;
  const rgb = [luma + 1.596 * v, luma - 0.392 * u - 0.813 * v, luma + 2.017 * u];
  return rgb.map((value) => Math.max(0, Math.min(255, Math.round(value))));
}
