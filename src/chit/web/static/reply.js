// A reply while it is being written: its blocks, its reasoning, its parts, its end.

import { make, parse } from "./fragments.js";
import { merge } from "./merge.js";

const shown = new WeakMap();

// `changes` as the server streams them: set a block, append text to its open end, cut the list.
export function change(article, changes) {
  const reply = article.querySelector(".reply");
  const touched = new Set();
  for (const [verb, at, content] of changes) {
    if (verb === "cut") {
      [...reply.children].slice(at).forEach((block) => block.remove());
    } else {
      const block = blockAt(reply, at);
      (verb === "append" ? append : setBlock)(block, content);
      touched.add(block);
    }
  }
  touched.forEach(letScroll);
}

function blockAt(reply, at) {
  while (reply.children.length <= at) {
    const block = make("div", "block");
    block.dataset.block = reply.children.length;
    reply.append(block);
  }
  return reply.children[at];
}

function setBlock(block, html) {
  if (shown.get(block) !== html) {
    fill(block, html);
    shown.set(block, html);
  }
}

// `element` gets that content, with as little change as possible.
function fill(element, html) {
  const fresh = element.cloneNode(false);
  fresh.append(parse(html));
  merge(element, fresh);
}

function append(block, text) {
  const end = block.querySelector(".tail") ?? [...block.querySelectorAll("code")].at(-1) ?? block;
  if (end.lastChild?.nodeType === Node.TEXT_NODE) {
    end.lastChild.appendData(text);
  } else {
    end.append(text);
  }
  shown.delete(block);
}

// A piece of the article changes, if it is there.
export function become(article, selector, html) {
  const piece = article.querySelector(selector);
  if (piece) {
    fill(piece, html);
  }
}

// What an event changes in its article.
export const CHANGES = {
  blocks: (article, { changes }) => change(article, changes),
  part: (article, { html }) => become(article, ".parts", html),
  reasoning(article, { text }) {
    const details = article.querySelector(".reasoning");
    if (details) {
      details.hidden = false;
      details.querySelector(".thoughts").append(text);
    }
  },
  status(article, { text }) {
    article.querySelector(".status").textContent = text;
  },
  chit(article, { line, receipt }) {
    become(article, ".chit-line", line);
    become(article, ".receipt", receipt);
  },
  // As it will stay; blocks that are right already are left alone.
  ended(article, { html }) {
    merge(article, parse(html).querySelector("article"));
    letScroll(article);
  },
};

// What is wider than the page can be scrolled with the keyboard, too.
export function letScroll(root) {
  for (const box of root.querySelectorAll("pre, .table, .maths-display")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight + 1) {
      box.tabIndex = 0;
    }
  }
}
