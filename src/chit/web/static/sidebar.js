// The list of conversations: by day, renamed in place, deleted with a way back; a drawer where there is little room.

import { tell } from "./dialogs.js";
import { make, parse } from "./fragments.js";
import { go, view } from "./router.js";
import { ask, at } from "./session.js";
import { attempt } from "./settings.js";

const sidebar = document.getElementById("sidebar");
const list = sidebar.querySelector(".list");
const older = sidebar.querySelector(".older");
const menu = document.querySelector(".menu");
const column = document.querySelector(".column");
let cursor = null;

export async function load({ more } = {}) {
  const page = await ask("GET", at`/view/conversations?before=${(more && cursor) || ""}`);
  const fragment = parse(page.html);
  const id = document.activeElement.closest("li")?.dataset.conversation;
  if (more) {
    for (const day of fragment.querySelectorAll(".day")) {
      itemsOf(day.dataset.day, "append").append(...day.querySelectorAll("li"));
    }
  } else {
    list.replaceChildren(fragment);
  }
  cursor = page.more;
  older.hidden = !cursor;
  mark();
  find(id)?.querySelector("a").focus();
}

// Which one is on screen.
export function mark() {
  for (const link of list.querySelectorAll("li > a")) {
    const isCurrent = link.parentElement.dataset.conversation === view.data.conversation;
    link.ariaCurrent = isCurrent ? "page" : null;
  }
}

function find(id) {
  return list.querySelector(`[data-conversation="${CSS.escape(id ?? "")}"]`);
}

// The items of that day, which is put into the list where there is none of them yet.
function itemsOf(day, put) {
  let section = list.querySelector(`.day[data-day="${CSS.escape(day)}"]`);
  if (!section) {
    section = make("section", "day");
    section.dataset.day = day;
    section.append(make("h3", "", day), make("ul"));
    list[put](section);
    list.prepend(...list.querySelectorAll("[data-day=Pinned]"));
  }
  return section.querySelector("ul");
}

// A conversation is new, has changed or is gone.
export function take({ id, item, day }) {
  const old = find(id);
  if (old?.querySelector(".rename")) {
    return;
  }
  const fresh = parse(item ?? "").querySelector("li");
  const next = old?.nextElementSibling ?? old?.previousElementSibling;
  const hadFocus = old?.contains(document.activeElement);
  if (fresh && old?.closest(".day").dataset.day === day) {
    old.replaceWith(fresh);
  } else {
    old?.remove();
    if (fresh) {
      itemsOf(day, "prepend").prepend(fresh);
    }
  }
  if (hadFocus) {
    (fresh ?? next)?.querySelector("a").focus({ preventScroll: true });
  }
  mark();
}

// The box takes the place of everything else in the item, by the stylesheet.
export function rename(item) {
  const title = item.querySelector(".title").textContent;
  const box = make("input", "rename");
  box.value = title;
  box.ariaLabel = "Title";
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      box.value = title;
    }
    if (event.key === "Escape" || (event.key === "Enter" && !event.isComposing)) {
      box.blur();
    }
  });
  box.addEventListener("blur", () => {
    const name = box.value.trim();
    box.remove();
    item.querySelector("a").focus({ preventScroll: true });
    if (name && name !== title) {
      attempt(item, () => ask("PATCH", at`/c/${item.dataset.conversation}`, { title: name }));
    }
  }, { once: true });
  item.append(box);
  box.select();
}

export async function forget(item) {
  const path = at`/c/${item.dataset.conversation}`;
  await ask("DELETE", path);
  const wasShown = view.data.conversation === item.dataset.conversation;
  const next = item.nextElementSibling ?? item.previousElementSibling;
  item.remove();
  next?.querySelector("a").focus({ preventScroll: true });
  const restore = async () => {
    await ask("POST", `${path}/restore`);
    if (wasShown) {
      await go(path);
    }
  };
  tell(`Deleted “${item.querySelector(".title").textContent}”.`, "private" in item.dataset ? null : restore);
  if (wasShown) {
    await go("/");
  }
}

// While the drawer is open the page beside it is inert; the stylesheet shows it then.
export function toggleDrawer(open = !column.inert) {
  if (open !== column.inert) {
    column.inert = open;
    menu.ariaExpanded = open;
    (open ? sidebar.querySelector(".home") : menu).focus({ preventScroll: true });
  }
}
