// The start of every page: sign in if the address brings a code, then show what belongs here.

import "./actions.js";
import * as chrome from "./chrome.js";
import * as composer from "./composer.js";
import { imported } from "./data.js";
import * as follow from "./follow.js";
import * as messages from "./messages.js";
import { choose } from "./models.js";
import { load, onView, showOwn, view } from "./router.js";
import { isSignedIn, onSignedIn, onSignedOut, signIn, takeCode } from "./session.js";
import * as settings from "./settings.js";
import "./shortcuts.js";
import * as sidebar from "./sidebar.js";
import * as stream from "./stream.js";
import { setTheme } from "./theme.js";

const RETRY = 2000;
const main = document.getElementById("main");

const EVENTS = {
  reset: () => again(),
  conversation(event) {
    sidebar.take(event);
    if (event.id === view.data.conversation) {
      chrome.showCost(event.cost);
    }
  },
  balance: chrome.showBalance,
  imported,
  locked: () => settings.refreshUnlessTyping(),
  unlocked: () => settings.refreshUnlessTyping(),
  prefs: (event) => setTheme(event.theme),
};

function take(event) {
  if (Object.hasOwn(EVENTS, event.type)) {
    EVENTS[event.type](event);
  } else {
    messages.take(event);
  }
}

// The server may have started anew: what stood here is fetched again, and what is being written stays.
async function again() {
  await load();
  try {
    await Promise.all([chrome.load(), sidebar.load()]);
  } catch {
    // the connection's bar says so
  }
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
    follow.jump();
    focusScreen(next.screen);
  }
  settings.arrive(next, moves);
  messages.release(next);
  follow.grew();
  stream.sync(next.epoch, next.seq);
}

function focusScreen(screen) {
  if (screen === "conversation" || screen === "new") {
    composer.focusUnlessTouch();
  } else {
    (main.querySelector("form input[type='password']:not(details *)") ?? main.querySelector("h1"))?.focus();
  }
}

async function start() {
  const code = takeCode();
  settings.takeSignInCode();
  onView(messages.hold, arrived);
  onSignedOut(() => {
    stream.stop();
    settings.signedOut();
  });
  onSignedIn(() => view.screen === "out" && location.reload());
  stream.listen(take, chrome.showConnection);
  if (code !== null && !(await signIn(code)) && !isSignedIn()) {
    showOwn("out", "This link is used up", "It was used already or is older than a minute. Run chit again for a new one.");
    return;
  }
  if (!isSignedIn()) {
    settings.signedOut();
    return;
  }
  await load({ moves: true });
  if (isSignedIn()) {
    await Promise.all([chrome.load(), sidebar.load()]);
  }
}

start().catch(() => {
  if (isSignedIn()) {
    showOwn("out", "Chit does not answer", "Is it still running?");
  }
});
