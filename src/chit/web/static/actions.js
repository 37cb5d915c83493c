// What the buttons do: one listener for the whole page, by the word in `data-do`.

import * as chrome from "./chrome.js";
import * as composer from "./composer.js";
import { tell, toggleHelp, undo } from "./dialogs.js";
import { jump } from "./follow.js";
import { focusModel } from "./models.js";
import { go, view } from "./router.js";
import { ask, call } from "./session.js";
import { attempt, refresh, removeKey, signIn } from "./settings.js";
import * as sidebar from "./sidebar.js";

function idOf(button) {
  return encodeURIComponent(button.closest(".message").dataset.message);
}

// The text may still be on its way: Safari wants to be told of it within the click.
async function copy(button, text) {
  const blob = Promise.resolve(text).then((found) => new Blob([found], { type: "text/plain" }));
  await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => {
    button.textContent = label;
  }, 1200);
}

function record(button) {
  return ask("GET", `/m/${idOf(button)}`);
}

function again(button, verb, changes) {
  const running = view.data.conversation && document.querySelector(".stop:not([hidden])");
  return running
    ? tell("A reply is still running here. Stop it first.")
    : ask("POST", `/m/${idOf(button)}/${verb}`, changes ? { changes } : {});
}

const DOES = {
  help: () => toggleHelp(),
  undo: () => undo(),
  jump: () => jump(),
  stop: () => composer.stop(),
  drawer: () => sidebar.toggleDrawer(),
  close: () => (history.length > 1 ? history.back() : close()),
  "choose-model": () => focusModel(),
  "dismiss-notice": () => chrome.dismissNotice(),
  "sign-in": (button) => signIn(button),
  "more-conversations": () => sidebar.load({ more: true }),
  rename: (button) => sidebar.rename(button.closest("li")),
  delete: (button) => sidebar.forget(button.closest("li")),
  copy: (button) => copy(button, record(button).then((message) => message.text)),
  "copy-json": (button) => copy(button, record(button).then((message) => JSON.stringify(message, null, 2))),
  "copy-address": (button) => copy(button, button.closest(".leave").querySelector(".address code").textContent),
  regenerate: (button) => again(button, "regenerate"),
  continue: (button) => again(button, "continue"),
  retry(button) {
    const changes = JSON.parse(button.dataset.changes || "null");
    return again(button, "regenerate", changes && Object.keys(changes).length > 0 ? changes : null);
  },
  edit(button) {
    const said = button.closest(".message").querySelector(".said");
    composer.edit(said.textContent, button.dataset.parent);
    return button.dataset.files && DOES.refile(button);
  },
  "refresh-balance": () => ask("POST", "/balance"),
  "enter-sandbox": () => ask("POST", "/sandbox").then(() => start()),
  "leave-sandbox": () => ask("DELETE", "/sandbox").then(() => start()),
  lock: () => ask("POST", "/lock").then(() => refresh()),
  "remove-key": (button) => removeKey(button),
  async "revoke-session"(button) {
    const { hash } = button.dataset;
    await call(hash ? `/sessions/${encodeURIComponent(hash)}` : "/sessions", { method: "DELETE" });
    await refresh();
  },
};

// More of them, by the modules they belong to.
export function does(more) {
  Object.assign(DOES, more);
}

// Another desk: everything on the page belongs to the one before.
async function start() {
  await go("/", { replace: true });
  await Promise.all([chrome.load(), sidebar.load()]);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do], .copy[data-copy]");
  if (!button || button.getAttribute("aria-disabled") === "true") {
    return;
  }
  if (button.dataset.do === undefined) {
    attempt(button, () => copy(button, button.closest(".code").querySelector("code").textContent));
  } else if (Object.hasOwn(DOES, button.dataset.do)) {
    event.preventDefault();
    attempt(button, () => DOES[button.dataset.do](button));
  }
});
