// Which screen the page shows: its address, its content, its title.

import { make, put } from "./fragments.js";
import { merge } from "./merge.js";
import { ask, at } from "./session.js";

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
  history[replace || to === path() ? "replaceState" : "pushState"](null, "", to);
  await load({ moves: true });
}

// Fetch the view again; `moves` says whether the person went somewhere.
export async function load({ moves = false } = {}) {
  turn += 1;
  const mine = turn;
  before.forEach((listener) => listener());
  let next = null;
  try {
    next = await ask("GET", at`/view?path=${path()}`);
  } catch (problem) {
    if (mine === turn && problem.status !== 401) {
      const screen = view.screen === "wait" ? "out" : view.screen;
      showOwn(screen, "This page cannot be shown", problem.message);
    }
  }
  if (mine === turn) {
    const goesElsewhere = moves || next?.screen !== view.screen;
    if (next) {
      show(next, goesElsewhere);
    }
    after.forEach((listener) => listener(next, { moves: goesElsewhere }));
  }
}

function show(next, goesElsewhere) {
  view = next;
  if (next.screen === "conversation" && !goesElsewhere) {
    const fresh = main.cloneNode(false);
    put(fresh, next.html);
    merge(main, fresh); // what is read, selected and opened stays so
  } else {
    put(main, next.html);
  }
  document.body.dataset.screen = next.screen;
  document.title = next.title ? `${next.title} – Chit` : "Chit";
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

// What was filled in of a form: names with values.
export function filled(form) {
  return [...new FormData(form)].filter(([, value]) => value !== "");
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

// Nor do forms that lead to one: what is filled in becomes the query of their address.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-go]");
  if (form) {
    event.preventDefault();
    const query = new URLSearchParams(filled(form));
    go(`${form.getAttribute("action")}${query.size ? "?" : ""}${query}`);
  }
});
