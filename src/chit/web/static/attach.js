// Files that go with a question, and the media of messages.

import { does } from "./actions.js";
import { contribute } from "./composer.js";
import { showProblem } from "./dialogs.js";
import { chosen } from "./models.js";
import { become } from "./reply.js";
import { onView, view } from "./router.js";
import { ask, at, request, token } from "./session.js";

const form = document.querySelector(".composer");
const picker = form.querySelector("input");
const coming = form.querySelector(".coming");
const urls = new Map();

const draft = () => `${(sessionStorage["chit-tab"] ??= Math.random())} ${view.data.conversation ?? view.screen}`;
const path = (query) => `/attachments?${new URLSearchParams(query)}`;

async function draw() {
  const mine = draft();
  const found = await ask("GET", path({ draft: mine, model: chosen() })).catch(() => null);
  if (found && mine === draft()) {
    become(form, ".parts", found.html);
  }
}

function add(file) {
  const row = form.querySelector("template").content.firstElementChild.cloneNode(true);
  const post = new XMLHttpRequest();
  row.querySelector("bdi").textContent = file.name;
  row.post = post;
  row.again = () => add(file);
  coming.append(row);
  post.open("POST", path({ draft: draft(), name: file.name }));
  post.setRequestHeader("Authorization", `Bearer ${token()}`);
  post.responseType = "json";
  post.upload.onprogress = ({ loaded, total }) => {
    row.querySelector("progress").value = loaded / total;
  };
  post.onloadend = async () => {
    if (post.status === 201) {
      await draw();
      row.remove();
    } else {
      row.dataset.status = post.status;
      showProblem(row, { message: post.response?.error.said ?? "It got lost." });
    }
  };
  post.send(file.slice(0, file.size, "application/octet-stream"));
}

const take = (files) => form.hidden || [...files].forEach(add);

async function load(from) {
  const reply = await request("GET", from);
  return URL.createObjectURL(await reply.blob());
}

const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (isIntersecting && !urls.has(target)) {
      urls.set(target, "");
      load(target.dataset.media).then((url) => urls.set(target, (target.src = url)), () => urls.delete(target));
    }
  }
}, { scrollMargin: "800px" });

new MutationObserver(() => {
  document.querySelectorAll("[data-media]").forEach((each) => near.observe(each));
}).observe(document, { childList: true, subtree: true });

onView((_, { moves }) => {
  if (moves) {
    coming.replaceChildren();
    urls.forEach(URL.revokeObjectURL);
    urls.clear();
    draw();
  }
});

contribute({
  give() {
    if (coming.firstChild) {
      throw new Error("A file is missing.");
    }
    return { attachments: draft() };
  },
  sent: draw,
});

does({
  resend({ parentElement: row }) {
    row.remove();
    row.again();
  },
  async detach({ parentElement: row }) {
    row.post?.abort();
    if (row.id) {
      await ask("DELETE", at`/attachments/${row.id}`);
    }
    row.remove();
    picker.focus();
  },
  refile: ({ dataset }) => ask("POST", at`/m/${dataset.files}/attach`, { draft: draft() }).then(draw),
});

picker.onchange = () => {
  take(picker.files);
  picker.value = "";
};

for (const type of ["paste", "dragover", "dragleave", "drop"]) {
  addEventListener(type, (event) => {
    const { files, types } = event.clipboardData ?? event.dataTransfer;
    const isField = event.target.matches?.("[type=file]"); // it takes them by itself
    if (types.includes("Files") && !types.includes("text/plain") && !isField) {
      event.preventDefault();
      form.toggleAttribute("data-drop", type === "dragover");
      take(files);
    }
  });
}

form.addEventListener("focusin", draw);
