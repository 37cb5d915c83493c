// Making one piece of the page like another with as little change as possible, so that what is selected, scrolled or
// opened stays so.

const OURS = new Set(["open", "src", "tabindex"]);
const waiting = new Map();

// `old` becomes like `fresh`, which is used up.
export function merge(old, fresh) {
  if (old.isEqualNode(fresh)) {
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    mergeText(old, fresh.data);
    return;
  }
  if (old.classList.contains("code") && isSelected(old) && old.textContent === fresh.textContent) {
    waiting.set(old, fresh.cloneNode(true)); // colours can wait until the selection is gone
    return;
  }
  waiting.delete(old);
  mergeAttributes(old, fresh);
  mergeChildren(old, fresh);
}

// The end of a text is added to, so that a selection in it survives.
function mergeText(old, text) {
  if (text.startsWith(old.data)) {
    old.appendData(text.slice(old.data.length));
  } else {
    old.data = text;
  }
}

function mergeAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !OURS.has(name)) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !OURS.has(name)) {
      old.setAttribute(name, value);
    }
  }
}

function mergeChildren(old, fresh) {
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    let found = place;
    while (found && !isAlike(found, child)) {
      found = found.nextSibling;
    }
    if (!found) {
      old.insertBefore(child, place);
      continue;
    }
    while (place !== found) {
      place = drop(place);
    }
    merge(found, child);
    place = found.nextSibling;
  }
  while (place) {
    place = drop(place);
  }
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function isAlike(a, b) {
  return a.nodeName === b.nodeName && a.classList?.[0] === b.classList?.[0];
}

function isSelected(element) {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(element, true);
}

document.addEventListener("selectionchange", () => {
  for (const [old, fresh] of waiting) {
    if (!isSelected(old)) {
      waiting.delete(old);
      merge(old, fresh);
    }
  }
});
