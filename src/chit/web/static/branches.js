// Versions of messages; pins and the archive.

import { again, does, record } from "./actions.js";
import { tell } from "./dialogs.js";
import { chosen, mount } from "./models.js";
import { load, view } from "./router.js";
import { ask, at } from "./session.js";

const dialog = document.querySelector(".again-with");
let asking;

does({
  async amend(button) {
    const { id, text } = await record(button);
    const form = document.getElementById("amend").content.cloneNode(true).firstElementChild;
    form.dataset.path = form.dataset.path.replace("*", id);
    form.dataset.then = location.pathname; // it is the newest branch now
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
    const [box, list] = field.querySelectorAll(".model-input, .suggestions");
    box.value = chosen();
    list.id = "again-models";
    box.setAttribute("aria-controls", list.id);
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
    const path = at`/c/${button.closest("li").dataset.conversation}`;
    const set = async (value) => {
      await ask("PATCH", path, { [name]: value });
      if (view.screen === "archive") {
        await load();
      }
    };
    await set(Boolean(on));
    tell(told, () => set(!on));
  },
});
