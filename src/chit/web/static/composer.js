// Where a message is written and sent, and where a running reply is stopped.

import { clearProblem, showProblem } from "./dialogs.js";
import { chosen } from "./models.js";
import { go, view } from "./router.js";
import { ask } from "./session.js";

const form = document.querySelector(".composer");
const box = form.querySelector("textarea");
const send = form.querySelector(".send");
const stopButton = form.querySelector(".stop");
const touch = matchMedia("(hover: none) and (pointer: coarse)");
const grows = CSS.supports("field-sizing", "content");

let place = null;
let running = null;
let parent = null;
let sending = false;
const contributors = new Set();

// What else goes along with a question: `give()` returns members of the request, `sent()` is called once it is on its way.
export function contribute(contributor) {
  contributors.add(contributor);
}

// For the screen that stands now; what was being written there comes back.
export function show(next) {
  form.hidden = !["conversation", "new"].includes(next.screen);
  const now = form.hidden ? null : (next.data.conversation ?? "new");
  running = next.data.running ?? null;
  if (now !== place) {
    place = now;
    parent = null;
    box.value = place === null ? "" : (sessionStorage.getItem(`chit-draft:${place}`) ?? "");
    clearProblem(form.parentElement);
  }
  fit();
}

export function focus() {
  if (!form.hidden) {
    box.focus({ preventScroll: true });
  }
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

export async function stop() {
  if (running !== null) {
    stopButton.disabled = true;
    try {
      await ask("POST", `/m/${encodeURIComponent(running)}/stop`);
    } catch (problem) {
      showProblem(form, problem);
    } finally {
      stopButton.disabled = false;
    }
  }
}

function fit() {
  stopButton.hidden = running === null;
  send.hidden = running !== null;
  send.disabled = sending;
  box.setAttribute("aria-label", parent ? "Message, edited" : "Message");
  if (!grows) {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }
}

function keep() {
  if (place !== null && box.value) {
    sessionStorage.setItem(`chit-draft:${place}`, box.value);
  } else if (place !== null) {
    sessionStorage.removeItem(`chit-draft:${place}`);
  }
}

async function submit() {
  const text = box.value.toWellFormed?.() ?? box.value; // half a character cannot be sent
  if (!(text.trim() || form.querySelector("li")) || sending || running !== null) {
    return;
  }
  sending = true;
  fit();
  clearProblem(form.parentElement);
  const from = place;
  const { conversation, leaf } = view.data;
  const before = parent ? parent.before || null : leaf;
  const body = { text, model: chosen(), ...(conversation && { parent: before }) };
  try {
    contributors.forEach(({ give }) => Object.assign(body, give()));
    const path = conversation ? `/c/${encodeURIComponent(conversation)}` : "/c";
    const made = await ask("POST", path, body);
    sessionStorage.removeItem(`chit-draft:${from}`);
    contributors.forEach(({ sent }) => sent?.());
    const isHere = place === from;
    if (isHere) {
      box.value = "";
    }
    if (isHere && !conversation) {
      await go(`/c/${encodeURIComponent(made.conversation)}`, { replace: true });
    }
    parent = null;
  } catch (problem) {
    showProblem(form, problem);
  } finally {
    sending = false;
    fit();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

box.addEventListener("input", () => {
  keep();
  fit();
});

box.addEventListener("keydown", (event) => {
  const composing = event.isComposing || event.keyCode === 229;
  if (event.key === "Enter" && !event.shiftKey && !composing && !touch.matches) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && parent) {
    parent = null;
    box.value = "";
    keep();
    fit();
  }
});
