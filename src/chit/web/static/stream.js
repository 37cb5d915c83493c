// One stream of events for the whole page. It resumes where it broke off, after sleep, restarts and lost networks.

import { at, call } from "./session.js";

const SILENCE = 40_000; // the server says something every 15 s
const STALE = 20_000;
const DELAYS = [300, 1000, 2000, 4000, 8000, 15_000];

let epoch = null;
let seq = 0;
let tries = 0;
let heardAt = 0;
let current = new AbortController();
let timer = 0;
let onEvent;
let onState;

export function listen(events, state) {
  onEvent = events;
  onState = state;
  addEventListener("online", reconnect);
  addEventListener("offline", () => onState("offline"));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && performance.now() - heardAt > STALE) {
      reconnect();
    }
  });
}

// Follow from a view's moment, unless that is followed already.
export function sync(viewEpoch, viewSeq) {
  if (epoch !== viewEpoch) {
    epoch = viewEpoch;
    seq = viewSeq;
    reconnect();
  }
}

export function stop() {
  clearTimeout(timer);
  current.abort();
  epoch = null;
}

function reconnect() {
  if (epoch !== null) {
    tries = 0;
    connect();
  }
}

function heard() {
  heardAt = performance.now();
  clearTimeout(timer);
  timer = setTimeout(connect, SILENCE);
}

async function connect() {
  current.abort();
  const mine = new AbortController();
  current = mine;
  heard();
  try {
    const reply = await call(at`/stream?epoch=${epoch}&since=${seq}`, { signal: mine.signal });
    if (reply.ok) {
      onState("connected");
      await read(reply.body, mine);
    }
  } catch {
    // whatever it was, it is tried again
  }
  if (!mine.signal.aborted) {
    clearTimeout(timer);
    onState(navigator.onLine ? "reconnecting" : "offline");
    timer = setTimeout(connect, DELAYS[tries] ?? DELAYS.at(-1));
    tries += 1;
  }
}

async function read(body, mine) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    tries = 0;
    heard();
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line && !mine.signal.aborted) {
        take(JSON.parse(line));
      }
    }
  }
}

function take(event) {
  if (event.type === "reset") {
    stop();
    onEvent(event);
  } else if (event.seq > seq) {
    seq = event.seq;
    onEvent(event);
  }
}
