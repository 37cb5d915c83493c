// The conversation on screen: what the stream says of it, in the right order with what the view brought.

import { announce } from "./announce.js";
import * as composer from "./composer.js";
import * as follow from "./follow.js";
import { parse } from "./fragments.js";
import { CHANGES, letScroll } from "./reply.js";
import { load, view } from "./router.js";
import { ask, at } from "./session.js";

const main = document.getElementById("main");
let held = null;
let shownSeq = 0;

// While a view is under way its events wait: they may belong to what it will bring, or be in it already.
export function hold() {
  held ??= [];
}

export function release(next) {
  const waiting = held;
  held = null;
  if (next) {
    shownSeq = next.seq;
    letScroll(main);
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

function find(id) {
  return main.querySelector(`.message[data-message="${CSS.escape(id)}"]`);
}

function apply(event) {
  if (event.type === "opened") {
    open(event);
    return;
  }
  const article = event.message && find(event.message);
  if (article) {
    CHANGES[event.type]?.(article, event);
    if (event.type === "ended") {
      composer.ended(event.message);
      announce(article.dataset.told);
    }
  }
}

// A question, a reply or both; what followed the message before them belongs to another branch now. What follows a
// message that is not here belongs to one that is not shown, or to a part of this one that is not: the view knows.
function open(event) {
  const list = main.querySelector(".messages");
  if (event.conversation !== view.data.conversation) {
    return;
  }
  const last = event.after && find(event.after);
  if (event.after && !last) {
    load();
    return;
  }
  while (list.lastElementChild && list.lastElementChild !== last) {
    list.lastElementChild.remove();
  }
  list.append(parse(event.question ?? ""), parse(event.html));
  view.data.leaf = event.reply;
  if (location.search) {
    history.replaceState(null, "", location.pathname); // it is the newest branch now
  }
  composer.began(event.reply);
  follow.jump();
  announce("Reply started.");
}

async function loadOlder() {
  const { data } = view;
  const { conversation, more } = data;
  if (!more) {
    return;
  }
  data.more = null; // nothing is asked for twice
  try {
    const older = await ask("GET", at`/view/older?conversation=${conversation}&before=${more}`);
    if (view.data === data) {
      data.more = older.more;
      follow.keepPlace(() => main.querySelector(".messages").prepend(parse(older.html)));
      letScroll(main);
    }
  } catch {
    data.more = more; // asked again when the reader comes back to the top
  }
}

main.addEventListener("scroll", () => main.scrollTop < 300 && loadOlder());
