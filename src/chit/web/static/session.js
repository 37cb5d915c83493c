// This browser's token: where it comes from, where it rests, and that it goes along with every request.

const KEY = "chit-session";
let signedOut = () => {};

// What the server answers when it did not do what was asked: its words for a person, with what to do.
export class Problem extends Error {
  constructor(status, { said, message }) {
    super(said ?? message);
    this.status = status;
  }
}

// A path of ours, safe whatever is put into it: at`/c/${id}`.
export function at(pieces, ...values) {
  return String.raw({ raw: pieces }, ...values.map(encodeURIComponent));
}

// The code in the address, which is cleared at once: neither history nor a copied link keeps it.
export function takeCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) {
    history.replaceState(null, "", location.pathname + location.search);
  }
  return code;
}

// Whether the code was good; the token is kept for this origin, which is this port.
export async function signIn(code) {
  const reply = await call("/session", { method: "POST", body: JSON.stringify({ code }) });
  if (reply.ok) {
    localStorage.setItem(KEY, (await reply.json()).token);
  }
  return reply.ok;
}

export function isSignedIn() {
  return localStorage.getItem(KEY) !== null;
}

// Called once this browser's token turns out to be no longer good.
export function onSignedOut(listener) {
  signedOut = listener;
}

// Called when another tab of this browser signs in.
export function onSignedIn(listener) {
  addEventListener("storage", (event) => event.key === KEY && event.newValue !== null && listener());
}

// `fetch` for our own paths; a token that is no longer good is forgotten.
export async function call(path, options = {}) {
  const headers = new Headers(options.headers);
  const token = localStorage.getItem(KEY);
  if (token !== null) {
    headers.set("Authorization", `Bearer ${token}`);
  }
  if (options.body !== undefined) {
    headers.set("Content-Type", "application/json");
  }
  const reply = await fetch(path, { ...options, headers, credentials: "omit", redirect: "error", cache: "no-store" });
  if (reply.status === 401 && path !== "/session") {
    if (localStorage.getItem(KEY) === token) {
      localStorage.removeItem(KEY);
    }
    signedOut();
  }
  return reply;
}

// The answer to what was done as it was asked. Throws a `Problem`.
export async function request(method, path, body) {
  let reply;
  try {
    reply = await call(path, { method, body: body && JSON.stringify(body) });
  } catch {
    throw new Problem(0, { message: "Chit does not answer. Is it still running?" });
  }
  if (!reply.ok) {
    const isJson = reply.headers.get("Content-Type")?.startsWith("application/json");
    throw new Problem(reply.status, isJson ? (await reply.json()).error : { message: await reply.text() });
  }
  return reply;
}

// The JSON of an answer, null for an empty one. Throws a `Problem`.
export async function ask(method, path, body) {
  const text = await (await request(method, path, body)).text();
  return text ? JSON.parse(text) : null;
}
