// Keys, sign-in, locking, preferences, browsers: forms and buttons of the first screen and the settings.

import * as chrome from "./chrome.js";
import { clearProblem, showProblem, tell } from "./dialogs.js";
import * as models from "./models.js";
import { go, load, showOwn, view } from "./router.js";
import { ask, Problem } from "./session.js";
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
  clearProblem(near.closest("form, section, .centre") ?? main);
  near.setAttribute("aria-disabled", "true");
  try {
    return await work();
  } catch (problem) {
    if (problem.status !== 401) {
      showProblem(near, problem);
    }
    return undefined;
  } finally {
    near.removeAttribute("aria-disabled");
  }
}

export function signIn(button) {
  return attempt(button, async () => {
    const { address } = await ask("POST", "/sign-in");
    location.assign(address);
  });
}

export const send = {
  async key(values) {
    const { note } = await ask("POST", "/key", values);
    await refresh();
    if (note) {
      tell(note);
    }
  },
  async forget({ name, ...passphrase }) {
    const { note } = await ask("DELETE", `/key/${encodeURIComponent(name)}`, passphrase);
    await refresh();
    if (note) {
      tell(note);
    }
  },
  async unlock({ passphrase }) {
    await ask("POST", "/unlock", { passphrase });
    await refresh();
  },
  async "sign-in"(values) {
    if (!signInCode) {
      throw new Problem(0, { message: "This sign-in is over. Start it again." });
    }
    try {
      await ask("POST", location.pathname, { code: signInCode, ...values });
    } catch (problem) {
      if (problem.status === WANTS_PASSPHRASE && !view.data.passphrase) {
        await load(); // the same code is good afterwards
      }
      throw problem;
    }
    signInCode = null;
    await go("/", { replace: true });
    await chrome.load();
  },
};

// To take a key out of an encrypted file, its passphrase is needed once more.
export async function removeKey(button) {
  const { name } = button.dataset;
  try {
    await send.forget({ name });
  } catch (problem) {
    if (problem.status !== WANTS_PASSPHRASE) {
      throw problem;
    }
    const form = button.closest("li").querySelector("form");
    form.hidden = false;
    button.hidden = true;
    form.querySelector("[name='passphrase']").focus();
  }
}

function check(values) {
  if ("key" in values && !values.key.trim()) {
    return "Paste the key first.";
  }
  if ("passphrase" in values && !values.passphrase) {
    return "The passphrase is missing.";
  }
  return "again" in values && values.again !== values.passphrase ? "The two passphrases differ." : null;
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-form]");
  if (!form) {
    return;
  }
  event.preventDefault();
  const values = Object.fromEntries(new FormData(form));
  const wrong = check(values);
  delete values.again;
  clearProblem(form);
  if (wrong) {
    showProblem(form, { message: wrong });
    return;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  await attempt(form, () => send[form.dataset.form](values));
  button.disabled = false;
  button.removeAttribute("aria-busy");
  form.querySelectorAll('input[type="password"]').forEach((box) => {
    box.value = box.name === "key" && !form.querySelector(".problem")?.hidden ? box.value : "";
  });
});

export function changePref(near, name, value) {
  return attempt(near, async () => {
    const { overridden } = await ask("PATCH", "/prefs", { [name]: value });
    if (overridden?.includes(name)) {
      tell("Saved; but the environment of this server says otherwise, and wins.");
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
  } else if (next.screen === "sign-in" && !next.data.passphrase && !hasTried) {
    hasTried = true;
    main.querySelector("form").requestSubmit();
  }
}

export function signedOut() {
  if (view.screen !== "out") {
    showOwn("out", "Not signed in", "Run chit in a terminal: it opens this page for you.");
  }
}
