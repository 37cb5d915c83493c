// Keys, sign-in, locking, preferences, browsers: forms and buttons of the first screen and the settings.

import * as chrome from "./chrome.js";
import { clearProblem, showProblem, tell } from "./dialogs.js";
import * as models from "./models.js";
import { filled, go, load } from "./router.js";
import { ask, request } from "./session.js";

const WANTS_PASSPHRASE = 423;
const main = document.getElementById("main");
const signInCode = new URLSearchParams(location.search).get("code");
let hasTried = false;

if (signInCode !== null) {
  history.replaceState(null, "", location.pathname); // it came back from OpenRouter, and leaves the address at once
}

export async function refresh() {
  await Promise.all([load(), chrome.load()]);
}

// For what happened elsewhere: nothing that is half typed here is lost for it.
export function refreshUnlessTyping() {
  const typed = [...main.querySelectorAll("form input")].some((box) => box.value !== box.defaultValue);
  return typed ? chrome.load() : refresh();
}

// Does `work` for what the person pressed, and tells what went wrong beside it.
export async function attempt(near, work) {
  clearProblem(near.closest(":has(> .problem)") ?? main);
  near.ariaDisabled = near.ariaBusy = "true";
  try {
    return await work();
  } catch (problem) {
    if (problem.status !== 401) {
      showProblem(near, problem);
    }
  } finally {
    near.ariaDisabled = near.ariaBusy = null;
  }
}

export async function signIn() {
  const { address } = await ask("POST", "/sign-in");
  location.assign(address);
}

async function save(method, path, values) {
  const answer = await ask(method, path, values);
  if (answer?.note) {
    tell(answer.note);
  }
}

// A form says where its fields go, if not to this page's address, and in `data-then` where to be afterwards, if not here.
// A file goes as it is.
async function post(form) {
  const { method = "POST", path = location.pathname, then } = form.dataset;
  const file = form.elements.file?.files[0];
  if (file) {
    await request(method, path, file, "application/octet-stream");
  } else {
    await save(method, path, Object.fromEntries(filled(form)));
  }
  if ("once" in form.dataset) {
    form.remove();
  }
  await Promise.all([then ? go(then, { replace: true }) : load(), chrome.load()]);
}

// To take a key out of an encrypted file, its passphrase is needed once more.
export async function removeKey(button) {
  const form = button.nextElementSibling;
  try {
    await post(form);
  } catch (problem) {
    if (problem.status !== WANTS_PASSPHRASE) {
      throw problem;
    }
    form.hidden = false;
    button.hidden = true;
    form.querySelector("input").focus();
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.form) {
    return;
  }
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  await attempt(button, () => post(form).catch(async (problem) => {
    if (problem.status === WANTS_PASSPHRASE && form.dataset.form === "sign-in") {
      await load(); // it asks for the passphrase now, and the same code is good afterwards
    }
    throw problem;
  }));
  button.disabled = false;
  form.querySelectorAll("[autocomplete='current-password']").forEach((box) => {
    box.value = "";
  });
});

function changePref(field, value) {
  const { pref } = field.dataset;
  if (pref) {
    attempt(field, () => save("PATCH", "/prefs", { [pref]: value.trim() || null }));
  }
}

document.addEventListener("change", ({ target }) => changePref(target, target.value));

// After a view came: its model boxes come to life, a section is looked up, a sign-in goes on by itself.
export function arrive(next, moves) {
  models.mount(main, changePref);
  if (moves) {
    document.getElementById(`settings-${location.pathname.split("/")[2]}`)?.scrollIntoView();
  }
  if (next.screen === "sign-in") {
    const form = main.querySelector("form");
    form.elements.code.value = signInCode;
    if (!next.data.passphrase && !hasTried) {
      hasTried = true;
      form.requestSubmit();
    }
  }
}
