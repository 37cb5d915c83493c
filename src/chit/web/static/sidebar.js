// The list of conversations: by day, renamed in place, deleted with a way back; a drawer where there is little room.

import { showProblem, tell } from "./dialogs.js";
import { make, parse } from "./fragments.js";
import { go, view } from "./router.js";
import { ask } from "./session.js";

const sidebar = document.getElementById("sidebar");
const list = sidebar.querySelector(".list");
const older = sidebar.querySelector(".older");
const menu = document.querySelector(".menu");
const shade = document.querySelector(".shade");
let cursor = null;

export async function load({ more = false } = {}) {
  const page = await ask("GET", `/view/conversations${more && cursor ? `?before=${encodeURIComponent(cursor)}` : ""}`);
  const fragment = parse(page.html);
  const id = document.activeElement.closest("li")?.dataset.conversation;
  if (more) {
    const first = fragment.querySelector(".day");
    const last = [...list.querySelectorAll(".day")].at(-1);
    if (first && last?.dataset.day === first.dataset.day) {
      last.querySelector("ul").append(...first.querySelectorAll("li"));
      first.remove();
    }
    list.append(fragment);
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
    const isCurrent = link.closest("li").dataset.conversation === view.data.conversation;
    if (isCurrent) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

function find(id) {
  return list.querySelector(`li[data-conversation="${CSS.escape(id)}"]`);
}

// A conversation is new, has changed or is gone.
export function take({ id, item, day }) {
  const old = find(id);
  if (old?.querySelector(".rename")) {
    return;
  }
  const fresh = item ? parse(item).querySelector("li") : null;
  const next = old?.nextElementSibling ?? old?.previousElementSibling;
  const hadFocus = old?.contains(document.activeElement);
  if (fresh && old?.closest(".day").dataset.day === day) {
    old.replaceWith(fresh);
  } else {
    remove(old);
    if (fresh) {
      section(day).prepend(fresh);
    }
  }
  if (hadFocus) {
    (fresh ?? next)?.querySelector("a").focus({ preventScroll: true });
  }
  mark();
}

function section(day) {
  list.querySelector(".empty")?.remove();
  const found = [...list.querySelectorAll(".day")].find((each) => each.dataset.day === day);
  if (found) {
    return found.querySelector("ul");
  }
  const made = make("section", "day");
  made.dataset.day = day;
  made.append(make("h3", "", day), make("ul"));
  list.prepend(made);
  list.prepend(...list.querySelectorAll("[data-day=Pinned]"));
  return made.querySelector("ul");
}

function remove(item) {
  const day = item?.closest(".day");
  item?.remove();
  if (day && !day.querySelector("li")) {
    day.remove();
  }
}

export function rename(item) {
  const link = item.querySelector("a");
  const title = link.querySelector(".title").textContent;
  const box = make("input", "rename");
  box.value = title;
  box.setAttribute("aria-label", "Title");
  let done = false;
  const close = async (keep) => {
    if (done) {
      return;
    }
    done = true;
    const name = box.value.trim();
    box.replaceWith(link);
    item.querySelector(".item-tools").hidden = false;
    link.focus({ preventScroll: true });
    if (keep && name && name !== title) {
      link.querySelector(".title").textContent = name;
      try {
        await ask("PATCH", `/c/${encodeURIComponent(item.dataset.conversation)}`, { title: name });
      } catch (problem) {
        link.querySelector(".title").textContent = title;
        showProblem(item, problem);
      }
    }
  };
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && !event.isComposing) {
      close(true);
    } else if (event.key === "Escape") {
      close(false);
    }
  });
  box.addEventListener("blur", () => close(true));
  item.querySelector(".item-tools").hidden = true;
  link.replaceWith(box);
  box.select();
}

export async function forget(item) {
  const id = item.dataset.conversation;
  const title = item.querySelector(".title").textContent;
  const path = `/c/${encodeURIComponent(id)}`;
  try {
    await ask("DELETE", path);
  } catch (problem) {
    showProblem(item, problem);
    return;
  }
  const wasShown = view.data.conversation === id;
  const next = item.nextElementSibling ?? item.previousElementSibling;
  remove(item);
  next?.querySelector("a").focus({ preventScroll: true });
  tell(`Deleted “${title}”.`, "private" in item.dataset ? null : async () => {
    try {
      await ask("POST", `${path}/restore`);
      if (wasShown) {
        await go(path);
      }
    } catch (problem) {
      showProblem(null, problem);
    }
  });
  if (wasShown) {
    await go("/");
  }
}

export function toggleDrawer(open = !("drawer" in document.body.dataset)) {
  if (open === "drawer" in document.body.dataset) {
    return;
  }
  if (open) {
    document.body.dataset.drawer = "";
  } else {
    delete document.body.dataset.drawer;
  }
  shade.hidden = !open;
  document.querySelector(".column").inert = open;
  menu.setAttribute("aria-expanded", String(open));
  (open ? sidebar.querySelector(".home") : menu).focus({ preventScroll: true });
}
