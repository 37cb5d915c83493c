// Which screen the page shows: its address, its content, its title.

import { make, put } from "./fragments.js";
import { merge } from "./merge.js";
import { ask } from "./session.js";

const main = document.getElementById("main");
const before = new Set();
const after = new Set();
let turn = 0;

export let view = { screen: "wait", data: {} };

// `begin` is called when a view is asked for, `end` with the view once it stands, or with null if none came.
export function onView(begin, end) {
  before.add(begin);
  after.add(end);
}

export function path() {
  return location.pathname + location.search;
}

export async function go(to, { replace = false } = {}) {
  if (replace || to === path()) {
    history.replaceState(null, "", to);
  } else {
    history.pushState(null, "", to);
  }
  await load({ moves: true });
}

// Fetch the view again; `moves` says whether the person went somewhere.
export async function load({ moves = false } = {}) {
  turn += 1;
  const mine = turn;
  before.forEach((listener) => listener());
  let next = null;
  try {
    next = await ask("GET", `/view?path=${encodeURIComponent(path())}`);
  } catch (problem) {
    if (mine === turn && problem.status !== 401) {
      showTrouble(problem);
    }
  }
  if (mine !== turn) {
    return;
  }
  if (next) {
    const screenChanged = next.screen !== view.screen;
    view = { ...next, data: next.data ?? {} };
    if ((next.screen === "search" || (next.screen === "conversation" && !moves)) && !screenChanged) {
      const fresh = main.cloneNode(false);
      put(fresh, next.html);
      merge(main, fresh); // what is read, selected and opened stays so
    } else {
      put(main, next.html);
    }
    document.body.dataset.screen = next.screen;
    document.title = next.title ? `${next.title} – Chit` : "Chit";
    after.forEach((listener) => listener(view, { moves: moves || screenChanged }));
  } else {
    after.forEach((listener) => listener(null, { moves }));
  }
}

// A screen made here, for when the server cannot be asked.
export function showOwn(screen, heading, text) {
  view = { screen, data: {} };
  document.body.dataset.screen = screen;
  document.title = "Chit";
  const page = make("div", "centre");
  const title = make("h1", "", heading);
  title.tabIndex = -1;
  page.append(title, make("p", "lead", text));
  main.replaceChildren(page);
}

function showTrouble(problem) {
  showOwn(view.screen === "wait" ? "out" : view.screen, "This page cannot be shown", `${problem.message} ${problem.hint}`);
}

addEventListener("popstate", () => load({ moves: true }));

// Links to our own screens need no new page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || link.target || event.defaultPrevented || link.origin !== location.origin || link.hash) {
    return;
  }
  event.preventDefault();
  go(link.pathname + link.search);
});
