// Chromium behind the HTTP door: a page in a headless browser that this script drives.
//
//   POST /offer    {sdp,type}               its answer
//   GET  /mkoffer  ?video=VP8|0 &audio=1|0  its offer
//   POST /answer   {sdp,type}               takes the answer to that offer
//   GET  /stats                             what was negotiated and what arrived
//   GET  /close                             ends the connection and completes the recordings
//
// Environment:
//   PORT      where the door listens, on 127.0.0.1
//   SPEECH    a WAV file: the microphone
//   FILM      a Y4M file: the camera
//   RECORD    a folder: what arrives is written there, audio.wav and video-WIDTHxHEIGHT.y4m
//   CHROMIUM  the browser's program, else /usr/bin/chromium
//   NODE_ROOT the folder in whose node_modules playwright-core is
//   FLAGS     more flags for the browser, with spaces between
//
// It ends when its standard input does, and its browser with it.

import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Recorder } from './recorder.mjs';

const env = process.env;
const port = Number(env.PORT ?? 8096);
const here = fileURLToPath(new URL('.', import.meta.url));
const { chromium } = createRequire(path.join(env.NODE_ROOT ?? here, 'x'))('playwright-core');
const recorder = new Recorder(env.RECORD);

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--autoplay-policy=no-user-gesture-required',
  // The microphone and the camera are files, and nobody is asked.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  // Without it Chromium takes no candidate of 127.0.0.1.
  '--allow-loopback-in-peer-connection',
];
if (env.SPEECH) flags.push(`--use-file-for-fake-audio-capture=${env.SPEECH}`);
if (env.FILM) flags.push(`--use-file-for-fake-video-capture=${env.FILM}`);
if (env.FLAGS) flags.push(...env.FLAGS.split(' '));

const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'interop-chromium-'));
let browser = null;
let page = null;

const routes = {
  'GET /': (query, body, response) => file(response, 'page.html', 'text/html'),
  'GET /page.js': (query, body, response) => file(response, 'page.js', 'text/javascript'),
  'POST /sink/audio': (query, body) => recorder.sound(body),
  'POST /sink/video': (query, body) => recorder.picture(query, body),
  'POST /offer': (query, body) => call('answer', JSON.parse(body)),
  'GET /mkoffer': (query) =>
    call('offer', { audio: query.get('audio') !== '0', video: query.get('video') ?? 'VP8' }),
  'POST /answer': (query, body) => call('accept', JSON.parse(body)),
  'GET /stats': async () => ({
    version: `Chromium ${browser.browser().version()}`,
    ...(await call('stats', null)),
    rx: recorder.seen(),
  }),
  'GET /close': async () => {
    await call('close', null);
    recorder.close();
  },
};

function file(response, name, type) {
  response.setHeader('content-type', type);
  response.end(fs.readFileSync(path.join(here, name)));
  return file;
}

function call(name, argument) {
  return page.evaluate(([name, argument]) => globalThis.peer[name](argument), [name, argument]);
}

async function handle(request, response) {
  const url = new URL(request.url, `http://127.0.0.1:${port}`);
  const route = routes[`${request.method} ${url.pathname}`];
  if (!route) return send(response, 404, { error: 'no such door' });
  if (url.pathname === '/stats' && !page) return send(response, 503, { error: 'starting' });
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await route(url.searchParams, Buffer.concat(chunks), response);
    if (answer !== file) send(response, 200, answer ?? {});
  } catch (error) {
    console.error(error);
    send(response, 400, { error: String(error) });
  }
}

function send(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

let isEnding = false;

async function end() {
  if (isEnding) return;
  isEnding = true;
  await browser?.close().catch(() => {});
  try {
    // The browser's last processes may still write.
    fs.rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  } catch (error) {
    console.error(error);
  }
  process.exit(0);
}

// The page comes from this server, so it listens for the page first and for others when that is there.
const server = http.createServer(handle);
await new Promise((ready) => server.listen(port, '127.0.0.1', ready));
process.stdin.on('end', end).resume();
process.on('SIGTERM', end);
browser = await chromium.launchPersistentContext(profile, {
  executablePath: env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: flags,
  permissions: ['camera', 'microphone'],
});
browser.on('close', end);
const opened = browser.pages()[0] ?? (await browser.newPage());
opened.on('console', (message) => console.error(`page: ${message.text()}`));
opened.on('pageerror', (error) => console.error(`page: ${error}`));
await opened.goto(`http://127.0.0.1:${port}/`);
page = opened;
console.error('ready');
