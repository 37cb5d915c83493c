// The one place where text becomes markup: fragments that our own server has rendered and cleaned.

const policy = globalThis.trustedTypes?.createPolicy("chit", { createHTML: (text) => text });

// A detached fragment; nothing in it runs or loads before it is put into the page.
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(html) : html;
  return template.content;
}

export function put(element, html) {
  element.replaceChildren(parse(html ?? ""));
}

// An element made by hand; its text is text.
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
