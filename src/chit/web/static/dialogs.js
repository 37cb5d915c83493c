// What lies above the page: the sheet of shortcuts, the toast that undoes, problems told in place.

const help = document.querySelector(".help");
const toast = document.querySelector(".toast");
const TOAST = 10_000;
let undoing = null;
let timer = 0;

export const toggleHelp = () => (help.open ? help.close() : help.showModal());

export function isDialogOpen() {
  return document.querySelector("dialog[open]") !== null;
}

// Something was done that can be undone for a while; without `undo` it is only told.
export function tell(text, undo) {
  clearTimeout(timer);
  undoing = undo;
  toast.querySelector("span").textContent = text;
  toast.querySelector("button").hidden = !undo;
  toast.hidden = false;
  timer = setTimeout(hideToast, TOAST);
}

function hideToast() {
  toast.hidden = true;
}

export function undo() {
  hideToast();
  return undoing();
}

// In the nearest place for it around `near`; without one, as a toast.
export function showProblem(near, { message }) {
  const place = near?.closest(":has(> .problem)")?.querySelector(":scope > .problem");
  if (!place) {
    tell(message);
    return;
  }
  place.textContent = message;
  place.hidden = false;
}

export function clearProblem(near) {
  near.querySelectorAll(".problem").forEach((place) => {
    place.hidden = true;
  });
}
