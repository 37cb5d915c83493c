// Searching as one types: the box and the page's fields are a form.

import { filled, go, onView } from "./router.js";

const form = document.getElementById("search");
const box = form.q;
let timer;

onView((next) => {
  if (document.activeElement !== box) {
    box.value = next?.data.q ?? "";
  }
});

function find() {
  go(`/search?${new URLSearchParams(filled(form))}`, { replace: location.pathname === "/search" });
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
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Enter: at === 0 ? 1 : -1, Escape: at === 0 ? -1 : 0 };
  const next = all[steps[event.key]];
  if (at >= 0 && next) {
    event.preventDefault();
    next.focus();
  }
});

form.onsubmit = () => false;
