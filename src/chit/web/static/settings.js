// Keys, sign-in, locking, preferences, browsers: forms and buttons of the first screen and the settings.

import * as chrome from "./chrome.js";
import { clearProblem, showProblem, tell } from "./dialogs.js";
import * as models from "./models.js";
import { filled, go, load, showOwn, view } from "./router.js";
import { ask } from "./session.js";
import { setTheme } from "./theme.js";

const WANTS_PASSPHRASE = 423;
const main = document.getElementById("main");
let signInCode = null;
let hasTried = false;

// The code that OpenRouter's sign-in came back with leaves the address at once.
export function takeSignInCode() {
  if (location.pathname.startsWith("/sign-in/")) {
    signInCode = new URLSearchParams(location.search).get("code");
    history.replaceState(null, "", location.pathname);
  }
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
  near.ariaDisabled = "true";
  try {
    return await work();
  } catch (problem) {
    if (problem.status !== 401) {
      showProblem(near, problem);
    }
    return undefined;
  } finally {
    near.ariaDisabled = null;
  }
}

export async function signIn() {
  const { address } = await ask("POST", "/sign-in");
  location.assign(address);
}

// A form says where its fields go, if not to this page's address, and in `data-then` where to be afterwards, if not here.
async function post(form) {
  const { method = "POST", path = location.pathname, then } = form.dataset;
  const answer = await ask(method, path, Object.fromEntries(filled(form)));
  await Promise.all([then ? go(then, { replace: true }) : load(), chrome.load()]);
  if (answer?.note) {
    tell(answer.note);
  }
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
  const form = event.target.closest("form[data-form]");
  if (!form) {
    return;
  }
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  button.ariaBusy = "true";
  await attempt(button, () => post(form).catch(async (problem) => {
    if (problem.status === WANTS_PASSPHRASE && form.dataset.form === "sign-in") {
      await load(); // it asks for the passphrase now, and the same code is good afterwards
    }
    throw problem;
  }));
  button.disabled = false;
  button.ariaBusy = null;
  form.querySelectorAll("[type='password']:not([name='key'])").forEach((box) => {
    box.value = "";
  });
});

export function changePref(near, name, value) {
  return attempt(near, async () => {
    const { note } = await ask("PATCH", "/prefs", { [name]: value });
    if (note) {
      tell(note);
    }
    if (name === "theme") {
      setTheme(value);
    } else if (name === "model") {
      models.choose(value);
    }
  });
}

document.addEventListener("change", (event) => {
  const { pref } = event.target.dataset;
  if (pref) {
    changePref(event.target, pref, event.target.value.trim() || null);
  }
});

// After a view came: its model boxes come to life, a section is looked up, a sign-in goes on by itself.
export function arrive(next, moves) {
  models.mount(main, (field, value) => field.dataset.pref && changePref(field, field.dataset.pref, value || null));
  if (next.screen === "settings" && moves) {
    const section = location.pathname.split("/")[2];
    main.querySelector(`[data-section="${CSS.escape(section ?? "")}"]`)?.scrollIntoView();
  } else if (next.screen === "sign-in") {
    const form = main.querySelector("form");
    form.elements.code.value = signInCode;
    if (!next.data.passphrase && !hasTried) {
      hasTried = true;
      form.requestSubmit();
    }
  }
}

export function signedOut() {
  if (view.screen !== "out") {
    showOwn("out", "Not signed in", "Run chit in a terminal: it opens this page for you.");
  }
}
