// Keys for those who keep their hands on them. Single letters count only where nothing is being written.

import * as composer from "./composer.js";
import { isDialogOpen, toggleHelp } from "./dialogs.js";
import { jump } from "./follow.js";
import { focusModel } from "./models.js";
import { go } from "./router.js";
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
  "/": () => document.forms[0].q.focus(),
  c: composer.focus,
  n: () => go("/"),
  m: focusModel,
  s: composer.stop,
  j: jump,
  r: toggleReceipt,
  ",": () => go("/settings"),
};

const APART = ["wait", "out", "first", "locked", "sign-in", "leave"];

document.addEventListener("keydown", (event) => {
  const { target } = event;
  const writing = target.matches("input:not([type='radio']), textarea, select");
  if (event.key === "Escape" && !isDialogOpen()) {
    if (writing) {
      target.blur();
    }
    toggleDrawer(false);
  }
  if (writing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !Object.hasOwn(KEYS, event.key)) {
    return;
  }
  if (event.key !== "?" && (isDialogOpen() || APART.includes(document.body.dataset.screen))) {
    return;
  }
  event.preventDefault();
  KEYS[event.key]();
});
