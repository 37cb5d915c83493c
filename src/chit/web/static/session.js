// This browser's token: where it comes from, where it rests, and that it goes along with every request.

const KEY = "chit-session";
const leaving = new Set();

// What the server answers when it did not do what was asked.
export class Problem extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.kind = error.kind ?? "";
    this.hint = error.hint ?? "";
    this.actions = error.actions ?? [];
  }
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
  leaving.add(listener);
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
    headers.set("Content-Type", options.type ?? "application/json");
  }
  const reply = await fetch(path, { ...options, headers, credentials: "omit", redirect: "error", cache: "no-store" });
  if (reply.status === 401 && path !== "/session") {
    if (localStorage.getItem(KEY) === token) {
      localStorage.removeItem(KEY);
    }
    leaving.forEach((listener) => listener());
  }
  return reply;
}

// The JSON of an answer, null for an empty one; with `type` the answer itself. Throws a `Problem`.
export async function ask(method, path, body, type) {
  let reply;
  try {
    reply = await call(path, body === undefined ? { method } : { method, type, body: type ? body : JSON.stringify(body) });
  } catch {
    throw new Problem(0, { message: "Chit does not answer. Is it still running?", kind: "unreachable" });
  }
  if (type && reply.ok) {
    return reply;
  }
  const text = await reply.text();
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    // a refusal is a line of plain text, and some answers are empty
  }
  if (!reply.ok) {
    throw new Problem(reply.status, json?.error ?? { message: text.trim() || `Status ${reply.status}.` });
  }
  return json;
}
