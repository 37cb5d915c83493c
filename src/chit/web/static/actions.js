// What the buttons do: one listener for the whole page, by the word in `data-do`.

import * as chrome from "./chrome.js";
import * as composer from "./composer.js";
import { tell, toggleHelp, undo } from "./dialogs.js";
import { download } from "./download.js";
import { jump } from "./follow.js";
import { focusModel } from "./models.js";
import { go, load } from "./router.js";
import { ask, at } from "./session.js";
import { attempt, refresh, removeKey, signIn } from "./settings.js";
import * as sidebar from "./sidebar.js";

function idOf(button) {
  return button.closest(".message").dataset.message;
}

// The text may still be on its way: Safari wants to be told of it within the click.
async function copy(button, text) {
  await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => {
    button.textContent = label;
  }, 1200);
}

// Of a block of code, or of an address.
function copyCode(button) {
  return copy(button, button.closest(".code, .leave").querySelector("code").textContent);
}

export function record(button) {
  return ask("GET", at`/m/${idOf(button)}`);
}

export function again(button, verb, body = {}) {
  return document.querySelector(".stop:not([hidden])")
    ? tell("A reply is still running here. Stop it first.")
    : ask("POST", at`/m/${idOf(button)}/${verb}`, body);
}

const DOES = {
  help: toggleHelp,
  undo,
  jump,
  stop: composer.stop,
  drawer: () => sidebar.toggleDrawer(),
  close: () => (history.length > 1 ? history.back() : close()),
  "choose-model": focusModel,
  "dismiss-notice": chrome.dismissNotice,
  "sign-in": signIn,
  "more-conversations": () => sidebar.load({ more: true }),
  rename: (button) => sidebar.rename(button.closest("li")),
  delete: (button) => sidebar.forget(button.closest("li")),
  copy: (button) => copy(button, record(button).then((message) => message.text)),
  "copy-json": (button) => copy(button, record(button).then((message) => JSON.stringify(message, null, 2))),
  "copy-address": copyCode,
  regenerate: (button) => again(button, "regenerate"),
  continue: (button) => again(button, "continue"),
  retry: (button) => again(button, "regenerate", { changes: JSON.parse(button.dataset.changes) }),
  edit(button) {
    composer.edit(button.closest(".message").querySelector(".said").textContent, button.dataset.parent);
    return button.dataset.files && DOES.refile(button);
  },
  put: ({ dataset }) => ask("PUT", dataset.path).then(() => load()),
  "refresh-balance": () => ask("POST", "/balance"),
  "enter-sandbox": () => ask("POST", "/sandbox").then(start),
  "leave-sandbox": () => ask("DELETE", "/sandbox").then(start),
  lock: () => ask("POST", "/lock").then(refresh),
  "remove-key": removeKey,
  "revoke-session": ({ dataset }) => ask("DELETE", dataset.path).then(refresh),
  download: ({ dataset }) => download(dataset.path, dataset.name),
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
  if (button && button.ariaDisabled !== "true") {
    event.preventDefault();
    button.closest("[popover]")?.hidePopover();
    const work = DOES[button.dataset.do] ?? copyCode; // the button of a block of code says nothing
    attempt(button, () => work(button));
  }
});
