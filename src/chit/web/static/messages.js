// The conversation on screen: what the stream says of it, in the right order with what the view brought.

import { announce } from "./announce.js";
import * as composer from "./composer.js";
import * as follow from "./follow.js";
import { parse } from "./fragments.js";
import * as reply from "./reply.js";
import { load, view } from "./router.js";
import { ask } from "./session.js";

const main = document.getElementById("main");
let held = null;
let shownSeq = 0;
let loadingOlder = false;

// While a view is under way its events wait: they may belong to what it will bring, or be in it already.
export function hold() {
  held ??= [];
}

export function release(next) {
  const waiting = held ?? [];
  held = null;
  if (next) {
    shownSeq = next.seq ?? 0;
    reply.letScroll(main);
  }
  waiting.forEach(take);
}

export function take(event) {
  if (held) {
    held.push(event);
  } else if (event.seq > shownSeq) {
    apply(event);
    follow.grew();
  }
}

export function find(id) {
  return main.querySelector(`.message[data-message="${CSS.escape(id)}"]`);
}

function apply(event) {
  if (event.type === "opened") {
    open(event);
    return;
  }
  const article = find(event.message);
  if (!article) {
    return;
  }
  switch (event.type) {
    case "blocks":
      reply.change(article, event.changes);
      break;
    case "reasoning":
      reply.addReasoning(article, event.text);
      break;
    case "part":
      reply.setParts(article, event.html);
      break;
    case "status":
      reply.setStatus(article, event.text);
      break;
    case "chit":
      reply.setChit(article, event.line, event.receipt);
      break;
    case "ended":
      reply.finish(article, event.html);
      composer.ended(event.message);
      announceEnd(article);
      break;
  }
}

// A question, a reply or both; what followed the message before them belongs to another branch now. What follows a
// message that is not here belongs to one that is not shown, or to a part of this one that is not: the view knows.
function open(event) {
  const list = main.querySelector(".messages");
  if (!list || event.conversation !== view.data.conversation) {
    return;
  }
  const last = event.after === null ? null : find(event.after);
  if (event.after !== null && !last) {
    load();
    return;
  }
  while (list.lastElementChild && list.lastElementChild !== last) {
    list.lastElementChild.remove();
  }
  for (const html of [event.question, event.html]) {
    const fresh = html ? parse(html).querySelector("article") : null;
    if (fresh && !find(fresh.dataset.message)) {
      list.append(fresh);
    }
  }
  view.data.leaf = event.reply;
  if (location.search) {
    history.replaceState(null, "", location.pathname); // it is the newest branch now
  }
  composer.began(event.reply);
  follow.jump();
  announce("Reply started.");
}

function announceEnd(article) {
  const failure = article.querySelector(".failure h3");
  const cost = article.querySelector(".chit-line b")?.textContent;
  announce(failure ? `No reply: ${failure.textContent}` : `Reply finished${cost ? `, ${cost}` : ""}.`);
}

async function loadOlder() {
  const { conversation, more } = view.data;
  if (!more || loadingOlder) {
    return;
  }
  loadingOlder = true;
  try {
    const older = await ask("GET", `/view/older?conversation=${encodeURIComponent(conversation)}&before=${encodeURIComponent(more)}`);
    if (view.data.conversation === conversation) {
      view.data.more = older.more;
      follow.keepPlace(() => main.querySelector(".messages").prepend(parse(older.html)));
      reply.letScroll(main);
    }
  } catch {
    // asked again when the reader comes back to the top
  } finally {
    loadingOlder = false;
  }
}

follow.onTop(loadOlder);
