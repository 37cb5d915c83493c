// Which screen the page shows: its address, its content, its title.

import { put } from "./fragments.js";
import { merge } from "./merge.js";
import { ask, at } from "./session.js";

const main = document.getElementById("main");
const watchers = [];
let turn = 0;

export let view = { screen: "wait", data: {} };

// `stands` is called with the view once it does, or with null if none came; `asked` when one is asked for.
export function onView(stands, asked) {
  watchers.push({ stands, asked });
}

export function path() {
  return location.pathname + location.search;
}

export async function go(to, { replace } = {}) {
  history[replace || to === path() ? "replaceState" : "pushState"](null, "", to);
  await load({ moves: true });
}

// Fetch the view again; `moves` says whether the person went somewhere.
export async function load({ moves } = {}) {
  turn += 1;
  const mine = turn;
  watchers.forEach(({ asked }) => asked?.());
  let next = null;
  try {
    next = await ask("GET", at`/view?path=${path()}`);
  } catch (problem) {
    if (mine === turn && problem.status !== 401) {
      showOwn("trouble", view.screen === "wait" ? "out" : view.screen);
      main.querySelector(".lead").textContent = problem.message;
    }
  }
  if (mine === turn) {
    const goesElsewhere = moves || next?.screen !== view.screen;
    if (next) {
      show(next, goesElsewhere);
    }
    watchers.forEach(({ stands }) => stands(next, { moves: goesElsewhere }));
  }
}

function show(next, goesElsewhere) {
  const stays = next.screen === view.screen && (next.screen === "search" || !goesElsewhere);
  view = next;
  if (stays && ["conversation", "search"].includes(next.screen)) {
    const fresh = main.cloneNode(false);
    put(fresh, next.html);
    merge(main, fresh); // what is read, selected and opened stays so
  } else {
    put(main, next.html);
  }
  document.body.dataset.screen = next.screen;
  document.title = next.title ? `${next.title} – Chit` : "Chit";
}

// One of the shell's own screens, for when the server cannot be asked.
export function showOwn(name, screen = "out") {
  view = { screen, data: {} };
  document.body.dataset.screen = screen;
  document.title = "Chit";
  main.replaceChildren(document.getElementById(name).content.cloneNode(true));
}

// What was filled in of a form: names with values.
export function filled(form) {
  return [...new FormData(form)].filter(([, value]) => value !== "");
}

addEventListener("popstate", () => load({ moves: true }));

// Links to our own screens need no new page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || link.target || event.defaultPrevented || link.origin !== location.origin || link.hash) {
    return;
  }
  event.preventDefault();
  go(link.pathname + link.search);
});

// Nor do forms that lead to one: what is filled in becomes the query of their address.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("go" in form.dataset) {
    event.preventDefault();
    const query = new URLSearchParams(filled(form));
    go(`${form.getAttribute("action")}${query.size ? "?" : ""}${query}`);
  }
});
