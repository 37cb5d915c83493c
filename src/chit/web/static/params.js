// Parameters: what differs in the header, and the panel. The server does the work.

import { does } from "./actions.js";
import { contribute } from "./composer.js";
import { tell } from "./dialogs.js";
import { put } from "./fragments.js";
import { choose, chosen } from "./models.js";
import { view } from "./router.js";
import { ask } from "./session.js";
import { attempt } from "./settings.js";

const DRAFT = "chit-parameters";
const sheet = document.querySelector(".sheet");
const panel = sheet.firstElementChild;

const draft = () => JSON.parse(sessionStorage.getItem(DRAFT));

async function order(form, members) {
  const { conversation } = view.data;
  const body = { conversation, draft: draft(), model: chosen(), defaults: form !== panel, ...members };
  const said = await ask("POST", "/parameters", body);
  sessionStorage.setItem(DRAFT, JSON.stringify(said.draft));
  told({ conversation, ...said });
  if (said.model) {
    choose(said.model);
  }
  if (said.note) {
    tell(said.note);
  }
  if (said.panel === "") {
    sheet.close();
  } else if (said.panel) {
    show(form, said.panel);
  }
}

// The server says which field to go to, and where in it an error is.
function show(form, html) {
  put(form, html);
  if (form === panel && !sheet.open) {
    sheet.showModal();
  }
  const box = form.querySelector("[autofocus]");
  box?.focus();
  if (box?.dataset.caret) {
    box.setSelectionRange(box.dataset.caret, box.dataset.caret);
  }
}

export function told({ conversation, chips }) {
  if (conversation === view.data.conversation) {
    put(document.querySelector(".parameters"), chips);
  }
}

export function refresh() {
  if (view.data.chips) {
    order(panel).catch(() => {});
  }
}

export function arrive({ data }, moves) {
  if (moves) {
    sheet.close();
  }
  told(data);
  if (!data.conversation && draft()) {
    refresh();
  }
}

does({
  parameters: ({ dataset }) => order(panel, { do: dataset.order }),
});

contribute({
  give: () => ({ own: draft() }),
  sent: () => view.data.conversation || sessionStorage.removeItem(DRAFT),
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("parameters" in form.dataset && event.submitter?.formMethod !== "dialog") {
    event.preventDefault();
    attempt(form, () => order(form, { texts: Object.fromEntries(new FormData(form, event.submitter)) }));
  }
});

// Escape keeps what was set.
sheet.addEventListener("cancel", (event) => {
  event.preventDefault();
  panel.requestSubmit(panel.querySelector(".primary"));
});
