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
  for (const name of new Set([...old.getAttributeNames(), ...fresh.getAttributeNames()])) {
    const value = fresh.getAttribute(name);
    if (OURS.has(name) || value === old.getAttribute(name)) {
      continue;
    }
    if (value === null) {
      old.removeAttribute(name);
    } else {
      old.setAttribute(name, value);
    }
  }
}

function mergeChildren(old, fresh) {
  const rest = [...old.childNodes];
  for (const child of [...fresh.childNodes]) {
    const place = rest.findIndex((node) => isAlike(node, child));
    if (place < 0) {
      old.insertBefore(child, rest[0] ?? null);
    } else {
      rest.splice(0, place).forEach(drop);
      merge(rest.shift(), child);
    }
  }
  rest.forEach(drop);
}

function drop(node) {
  if (!node.classList?.contains("amend")) { // somebody writes in it
    node.remove();
  }
}

function isAlike(a, b) {
  return a.nodeName === b.nodeName && a.classList?.[0] === b.classList?.[0];
}

function isSelected(element) {
  const selection = getSelection();
  return !selection.isCollapsed && selection.containsNode(element, true);
}

document.addEventListener("selectionchange", () => {
  for (const [old, fresh] of waiting) {
    if (!isSelected(old)) {
      waiting.delete(old);
      merge(old, fresh);
    }
  }
});
