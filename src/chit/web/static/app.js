// The start of every page: sign in if the address brings a code, then show what belongs here.

import "./actions.js";
import "./attach.js";
import "./branches.js";
import * as chrome from "./chrome.js";
import * as composer from "./composer.js";
import { imported } from "./data.js";
import * as follow from "./follow.js";
import * as messages from "./messages.js";
import { choose } from "./models.js";
import * as params from "./params.js";
import { load, onView, path, showOwn, view } from "./router.js";
import "./search.js";
import { isSignedIn, signIn } from "./session.js";
import * as settings from "./settings.js";
import "./shortcuts.js";
import * as sidebar from "./sidebar.js";
import * as stream from "./stream.js";
import { setTheme } from "./theme.js";

const RETRY = 2000;
const main = document.getElementById("main");

const EVENTS = {
  reset: again,
  conversation(event) {
    sidebar.take(event);
    if (event.id === view.data.conversation) {
      chrome.showCost(event.cost);
    }
  },
  list: () => sidebar.load(),
  amended: (event) => event.conversation === view.data.conversation && load(),
  balance: chrome.showBalance,
  imported,
  locked: settings.refreshUnlessTyping,
  unlocked: settings.refreshUnlessTyping,
  prefs({ theme }) {
    setTheme(theme);
    params.refresh();
  },
  parameters: params.told,
};

function take(event) {
  (EVENTS[event.type] ?? messages.take)(event);
}

// The server may have started anew: what stood here is fetched again, and what is being written stays.
async function again() {
  await load();
  await Promise.all([chrome.load(), sidebar.load()]).catch(() => {}); // the connection's bar says so
}

function arrived(next, { moves }) {
  if (next === null) {
    messages.release(null);
    if (isSignedIn()) {
      chrome.showConnection("reconnecting");
      setTimeout(again, RETRY);
    }
    return;
  }
  if (next.data.model !== undefined) {
    choose(next.data.model);
  }
  chrome.showCost(next.data.cost);
  composer.show(next);
  sidebar.mark();
  sidebar.toggleDrawer(false);
  if (moves) {
    main.scrollTop = 0;
    focusScreen(next.screen);
    follow.begin();
  }
  params.arrive(next, moves);
  settings.arrive(next, moves);
  messages.release(next);
  follow.grew();
  stream.sync(next.epoch, next.seq);
}

function focusScreen(screen) {
  if (screen === "conversation" || screen === "new") {
    composer.focusUnlessTouch();
  } else {
    (main.querySelector("[type='password']:not(details *)") ?? main.querySelector("h1"))?.focus();
  }
}

function showSignedOut() {
  stream.stop();
  if (view.screen !== "out") {
    showOwn("signed-out");
  }
}

// Another tab of this browser may sign in.
addEventListener("storage", () => view.screen === "out" && isSignedIn() && location.reload());

async function start() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) {
    history.replaceState(null, "", path()); // neither history nor a copied link keeps it
  }
  onView(arrived, messages.hold);
  addEventListener("signed-out", showSignedOut);
  stream.listen(take, chrome.showConnection);
  const isUsedUp = code !== null && !(await signIn(code));
  if (isSignedIn()) {
    await load({ moves: true });
    await Promise.all([chrome.load(), sidebar.load()]);
  } else if (isUsedUp) {
    showOwn("used-up");
  } else {
    showSignedOut();
  }
}

start().catch(() => isSignedIn() && showOwn("silence"));
