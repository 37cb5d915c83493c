// Where a message is written and sent, and where a running reply is stopped.

import { clearProblem } from "./dialogs.js";
import { chosen } from "./models.js";
import { go, view } from "./router.js";
import { ask, at } from "./session.js";
import { attempt } from "./settings.js";

const form = document.querySelector(".composer");
const box = form.querySelector("textarea");
const send = form.querySelector(".send");
const stopButton = form.querySelector(".stop");
const touch = matchMedia("(hover: none) and (pointer: coarse)");
const grows = CSS.supports("field-sizing", "content");

let place = null;
let running = null;
let parent = null;
const contributors = new Set();

// What else goes along with a question: `give()` returns members of the request, `sent()` is called once it is on its way.
export function contribute(contributor) {
  contributors.add(contributor);
}

// For the screen that stands now; what was being written there comes back.
export function show(next) {
  const now = next.data.conversation ?? next.screen;
  running = next.data.running ?? null;
  if (now !== place) {
    place = now;
    parent = null;
    box.value = sessionStorage.getItem(draft()) ?? "";
    clearProblem(form.parentElement);
  }
  fit();
}

export function focus() {
  box.focus({ preventScroll: true });
}

// On a phone the keyboard comes up only when it is asked for.
export function focusUnlessTouch() {
  if (!touch.matches) {
    focus();
  }
}

export function began(reply) {
  running = reply;
  fit();
}

export function ended(reply) {
  if (running === reply) {
    running = null;
    fit();
  }
}

// Write an earlier message anew: it will stand beside the old one.
export function edit(text, before) {
  box.value = text;
  parent = { before };
  fit();
  focus();
}

export function stop() {
  return ask("POST", at`/m/${running}/stop`);
}

// Where this browser keeps what is not sent yet.
function draft() {
  return `chit-draft:${place}`;
}

function fit() {
  stopButton.hidden = running === null;
  send.hidden = running !== null;
  box.ariaLabel = parent ? "Message, edited" : "Message";
  if (!grows) {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }
}

// No draft is kept then.
const isPrivate = () => view.data.private ?? document.querySelector("[name=private]:checked");

function keep() {
  sessionStorage.setItem(draft(), isPrivate() ? "" : box.value);
  fit();
}

async function post(text) {
  const from = place;
  const { conversation, leaf } = view.data;
  const before = parent ? parent.before || null : leaf;
  const body = { text, model: chosen(), ...(conversation && { parent: before }), ...(isPrivate() && { private: true }) };
  contributors.forEach(({ give }) => Object.assign(body, give()));
  const made = await ask("POST", conversation ? at`/c/${conversation}` : "/c", body);
  sessionStorage.removeItem(`chit-draft:${from}`);
  contributors.forEach(({ sent }) => sent?.());
  const isHere = place === from;
  if (isHere) {
    box.value = "";
  }
  if (isHere && !conversation) {
    await go(at`/c/${made.conversation}`, { replace: true });
  }
  parent = null;
  fit();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = box.value.toWellFormed(); // half a character cannot be sent
  if ((text.trim() || form.querySelector(".attachments li")) && send.ariaDisabled !== "true" && running === null) {
    attempt(send, () => post(text));
  }
});

box.addEventListener("input", keep);

document.addEventListener("change", keep);

box.addEventListener("keydown", (event) => {
  const composing = event.isComposing || event.keyCode === 229;
  if (event.key === "Enter" && !event.shiftKey && !composing && !touch.matches) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "Escape" && parent) {
    parent = null;
    box.value = "";
    keep();
  }
});
