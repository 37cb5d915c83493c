// Searching as one types: the box and the page's fields are a form.

import { go, onView, view } from "./router.js";

const form = document.forms[0];
const box = form.q;
let timer;

onView(Boolean, (next) => {
  if (document.activeElement !== box) {
    box.value = next?.data.q ?? "";
  }
});

function find() {
  const asked = new URLSearchParams([...new FormData(form)].filter((field) => field[1]));
  go(`/search?${asked}`, { replace: view.screen === "search" });
}

addEventListener("input", ({ target }) => {
  if (target.form === form) {
    clearTimeout(timer);
    timer = setTimeout(find, 40);
  }
});

addEventListener("keydown", (event) => {
  const all = [box, ...document.querySelectorAll(".found a")];
  const at = all.indexOf(event.target);
  const next = all[{ ArrowDown: at + 1, ArrowUp: at - 1, Enter: at ? -1 : 1, Escape: at ? 0 : -1 }[event.key]];
  if (at >= 0 && next) {
    event.preventDefault();
    next.focus();
  }
});

form.onsubmit = () => false;
