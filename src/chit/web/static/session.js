// This browser's token: where it comes from, where it rests, and that it goes along with every request.

const KEY = "chit-session";

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

// Whether the code was good; the token is kept for this origin, which is this port.
export async function signIn(code) {
  const reply = await call("/session", { method: "POST", body: JSON.stringify({ code }) });
  if (reply.ok) {
    localStorage.setItem(KEY, (await reply.json()).token);
  }
  return reply.ok;
}

export const token = () => localStorage.getItem(KEY);

export function isSignedIn() {
  return token() !== null;
}

// `fetch` for our own paths; a token that is no longer good is forgotten, and the window is told.
export async function call(path, options = {}) {
  const headers = { ...options.headers };
  const mine = token();
  if (mine !== null) {
    headers.Authorization = `Bearer ${mine}`;
  }
  if (options.body !== undefined) {
    headers["Content-Type"] = options.type ?? "application/json";
  }
  const reply = await fetch(path, { ...options, headers, credentials: "omit", redirect: "error", cache: "no-store" });
  if (reply.status === 401 && path !== "/session") {
    if (token() === mine) {
      localStorage.removeItem(KEY);
    }
    dispatchEvent(new Event("signed-out"));
  }
  return reply;
}

// The answer to what was done as it was asked; a body with a `type` is sent as it is, others as JSON. Throws a `Problem`.
export async function request(method, path, body, type) {
  let reply;
  try {
    reply = await call(path, { method, type, body: type || !body ? body : JSON.stringify(body) });
  } catch {
    throw new Problem(0, { message: "Chit does not answer. Is it still running?" });
  }
  if (!reply.ok) {
    const text = await reply.text(); // a line of its own, where nobody looked further
    throw new Problem(reply.status, text.startsWith("{") ? JSON.parse(text).error : { message: text });
  }
  return reply;
}

// The JSON of an answer, null for an empty one. Throws a `Problem`.
export async function ask(method, path, body) {
  const text = await (await request(method, path, body)).text();
  return text ? JSON.parse(text) : null;
}
