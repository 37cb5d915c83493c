// What stands around the page: model, balance, notice, sandbox badge, the conversation's cost, the connection.

import { put } from "./fragments.js";
import * as models from "./models.js";
import { view } from "./router.js";
import { ask } from "./session.js";
import { setTheme } from "./theme.js";

const badge = document.querySelector(".badge-place");
const balance = document.querySelector(".balance-place");
const field = document.querySelector(".model-field");
const notice = document.querySelector(".notice");
const cost = document.querySelector(".conversation-cost");
const connection = document.querySelector(".connection");
const QUIET = 1500;
let dismissed = null;
let connected = "connected";
let timer = 0;

export async function load() {
  const chrome = await ask("GET", "/view/chrome");
  put(field, chrome.model_field);
  models.mount(field, () => {});
  if (view.data.model !== undefined) {
    models.choose(view.data.model);
  }
  put(badge, chrome.badge);
  setTheme(chrome.theme);
  showBalance(chrome);
}

export function showBalance({ html, balance: shown, notice: text }) {
  put(balance, html ?? shown);
  put(notice, text);
  notice.hidden = !text || notice.textContent === dismissed;
}

export function dismissNotice() {
  dismissed = notice.textContent;
  notice.hidden = true;
}

export function showCost(text) {
  cost.textContent = text ? `${text} in all` : "";
}

// A short break is not worth a word.
export function showConnection(state) {
  if (state === connected) {
    return;
  }
  connected = state;
  clearTimeout(timer);
  timer = setTimeout(() => {
    connection.textContent = connection.dataset[state];
    connection.hidden = state === "connected";
  }, connection.hidden && state === "reconnecting" ? QUIET : 0);
}
