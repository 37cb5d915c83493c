// Keys for those who keep their hands on them. Single letters count only where nothing is being written: they press what
// says so in `aria-keyshortcuts`, or do what has no button.

import * as composer from "./composer.js";
import { isDialogOpen, toggleHelp } from "./dialogs.js";
import { jump } from "./follow.js";
import { focusModel } from "./models.js";
import { toggleDrawer } from "./sidebar.js";

function toggleReceipt() {
  const last = [...document.querySelectorAll(".chit > details")].at(-1);
  if (last) {
    last.open = !last.open;
    last.scrollIntoView({ block: "nearest" });
  }
}

const KEYS = {
  "?": toggleHelp,
  "/": () => document.querySelector("#search input").focus(),
  c: composer.focus,
  j: jump,
  m: focusModel,
  r: toggleReceipt,
};

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const writing = target.matches("input:not([type='radio']), textarea, select");
  if (key === "Escape" && !isDialogOpen()) {
    if (writing) {
      target.blur();
    }
    toggleDrawer(false);
  }
  if (writing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return;
  }
  const button = document.querySelector(`[aria-keyshortcuts="${CSS.escape(key)}"]`);
  const work = KEYS[key] ?? (button?.checkVisibility() && (() => button.click()));
  if (work && (key === "?" || !isDialogOpen())) {
    event.preventDefault();
    work();
  }
});
