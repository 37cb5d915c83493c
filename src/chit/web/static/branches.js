// Versions of messages; pins and the archive.

import { again, does, record } from "./actions.js";
import { tell } from "./dialogs.js";
import { chosen, mount } from "./models.js";
import { go, load, view } from "./router.js";
import { ask } from "./session.js";
import { send } from "./settings.js";

const dialog = document.querySelector(".again-with");
let asking;

does({
  async amend(button) {
    const { id, text } = await record(button);
    const form = document.getElementById("amend").content.cloneNode(true).firstElementChild;
    form.elements.id.value = id;
    form.elements.text.value = text;
    button.closest(".message").append(form);
    form.elements.text.focus();
  },
  "amend-cancel"(button) {
    const article = button.closest(".message");
    button.form.remove();
    article.querySelector("[data-do=amend]").focus();
  },
  "again-with"(button) {
    asking = button;
    const field = document.querySelector(".model-field .models").cloneNode(true);
    delete field.dataset.live;
    field.querySelector("input").value = chosen();
    dialog.querySelector(".again-model").replaceChildren(field);
    mount(dialog, () => {});
    dialog.showModal();
  },
  "ask-again"() {
    dialog.close();
    return again(asking, "regenerate", { model: chosen(".again-model") });
  },
  async shelve(button) {
    const { name, on, told } = button.dataset;
    const path = `/c/${button.closest("li").dataset.conversation}`;
    const set = async (value) => {
      await ask("PATCH", path, { [name]: value });
      await (view.screen === "archive" && load());
    };
    await set(Boolean(on));
    tell(told, () => set(!on));
  },
});

send.amend = async ({ id, text }) => {
  const { conversation } = await ask("POST", `/m/${id}/amend`, { text });
  document.querySelector(`.amend:has([value="${id}"])`).remove();
  await go(`/c/${conversation}`);
};
