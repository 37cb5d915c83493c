// What lies above the page: the sheet of shortcuts, the toast that undoes, problems told in place.

const help = document.querySelector(".help");
const toast = document.querySelector(".toast");
const TOAST = 10_000;
let undoing = null;
let timer = 0;

export function toggleHelp() {
  if (help.open) {
    help.close();
  } else {
    help.showModal();
  }
}

export function isDialogOpen() {
  return document.querySelector("dialog[open]") !== null;
}

// Something was done that can be undone for a while; without `undo` it is only told.
export function tell(text, undo = null) {
  clearTimeout(timer);
  undoing = undo;
  toast.querySelector("span").textContent = text;
  toast.querySelector("button").hidden = undo === null;
  toast.hidden = false;
  timer = setTimeout(hideToast, TOAST);
}

export function hideToast() {
  clearTimeout(timer);
  toast.hidden = true;
  undoing = null;
}

export async function undo() {
  const action = undoing;
  hideToast();
  await action?.();
}

// In the nearest place for it above `near`; without one, as a toast.
export function showProblem(near, problem) {
  const text = [problem.message, problem.hint].filter(Boolean).map(sentence).join(" ");
  for (let box = near; box; box = box.parentElement) {
    const place = box.querySelector(":scope > .problem");
    if (place) {
      place.textContent = text;
      place.hidden = false;
      return;
    }
  }
  tell(text);
}

export function clearProblem(near) {
  near.querySelectorAll(".problem").forEach((place) => {
    place.hidden = true;
  });
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…:]$/.test(whole) ? whole : `${whole}.`;
}
