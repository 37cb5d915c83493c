// The model field: free text with suggestions, several models with commas as fallbacks. It never restricts.

import { make } from "./fragments.js";
import { ask } from "./session.js";

const DELAY = 120;
let count = 0;

// The header's choice, as a request names it: one id, several with commas, or nothing.
export function chosen(place = ".model-field") {
  const field = document.querySelector(`${place} [data-models]`);
  return field ? valueOf(field) : "";
}

export function choose(model) {
  const field = document.querySelector(".model-field [data-models]");
  if (field) {
    setValue(field, model ?? "");
  }
}

export function focusModel() {
  document.querySelector(".model-field .model-input")?.focus();
}

// Brings every new field below `root` to life. `onChange(field, value)` is called when one was changed.
export function mount(root, onChange) {
  for (const field of root.querySelectorAll("[data-models]:not([data-live])")) {
    field.dataset.live = "";
    new Combobox(field, onChange);
  }
}

function valueOf(field) {
  const chips = [...field.querySelectorAll(".chip span")].map((chip) => chip.textContent);
  return [...chips, field.querySelector(".model-input").value.trim()].filter(Boolean).join(",");
}

function setValue(field, value) {
  const ids = value.split(",").map((id) => id.trim()).filter(Boolean);
  field.querySelector(".model-input").value = ids.pop() ?? "";
  field.querySelector(".chips").replaceChildren(...ids.map((id) => makeChip(field, id)));
}

function makeChip(field, id) {
  const chip = make("span", "chip");
  const button = make("button", "", "×");
  button.type = "button";
  button.setAttribute("aria-label", `Remove ${id}`);
  button.addEventListener("click", () => {
    chip.remove();
    field.querySelector(".model-input").focus();
    field.dispatchEvent(new Event("chips"));
  });
  chip.append(make("span", "", id), button);
  return chip;
}

class Combobox {
  constructor(field, onChange) {
    this.field = field;
    this.input = field.querySelector(".model-input");
    this.list = field.querySelector(".suggestions");
    this.list.id = `models-${(count += 1)}`;
    this.input.setAttribute("aria-controls", this.list.id);
    this.onChange = onChange;
    this.asked = 0;
    this.at = -1;
    setValue(field, this.input.value);
    this.told = valueOf(field);
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.leave());
    field.addEventListener("chips", () => this.tell());
    field.addEventListener("click", (event) => event.target === field && this.input.focus());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.take(event.target.closest("[data-model]")));
  }

  typed() {
    const parts = this.input.value.split(",");
    if (parts.length > 1) {
      this.input.value = parts.pop().trimStart();
      const ids = parts.map((part) => part.trim()).filter(Boolean);
      this.field.querySelector(".chips").append(...ids.map((id) => makeChip(this.field, id)));
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.suggest(), DELAY);
  }

  key(event) {
    if (event.isComposing) {
      return;
    }
    const isOpen = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (isOpen) {
        this.move(event.key === "ArrowDown" ? 1 : -1);
      } else {
        this.suggest();
      }
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (isOpen && this.at >= 0) {
        this.take(this.options()[this.at]);
      } else {
        this.close();
        this.tell();
      }
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.key === "Backspace" && this.input.value === "") {
      const chip = this.field.querySelector(".chip:last-child");
      if (chip) {
        event.preventDefault();
        this.input.value = chip.querySelector("span").textContent;
        chip.remove();
      }
    }
  }

  options() {
    return [...this.list.querySelectorAll("[data-model]")];
  }

  move(step) {
    const options = this.options();
    if (options.length > 0) {
      this.at = (this.at + step + options.length + (this.at < 0 && step < 0 ? 1 : 0)) % options.length;
      options.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.at)));
      this.input.setAttribute("aria-activedescendant", options[this.at].id);
      options[this.at].scrollIntoView({ block: "nearest" });
    }
  }

  take(option) {
    if (option) {
      this.input.value = option.dataset.model;
      this.close();
      this.tell();
    }
  }

  async suggest() {
    this.asked += 1;
    const mine = this.asked;
    let found;
    try {
      found = await ask("GET", `/models?q=${encodeURIComponent(this.input.value.trim())}`);
    } catch (problem) {
      found = { models: [], note: problem.message };
    }
    if (mine === this.asked && document.activeElement === this.input) {
      this.show(found.models ?? [], found.note);
    }
  }

  show(models, note) {
    this.at = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...models.map((model, index) => this.option(model, index)));
    if (models.length === 0) {
      const line = make("div", "note", note || "No model of that name is known here. It is sent as you write it.");
      line.setAttribute("role", "option");
      line.setAttribute("aria-disabled", "true");
      this.list.append(line);
    }
    this.open(true);
  }

  option(model, index) {
    const option = make("div");
    option.id = `${this.list.id}-${index}`;
    option.dataset.model = model.id;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.append(make("span", "id", model.id), make("span", "facts", describe(model)));
    return option;
  }

  open(isOpen) {
    this.list.hidden = !isOpen;
    this.input.setAttribute("aria-expanded", String(isOpen));
  }

  close() {
    this.asked += 1;
    clearTimeout(this.timer);
    this.at = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.open(false);
  }

  leave() {
    this.close();
    this.tell();
  }

  tell() {
    const value = valueOf(this.field);
    if (value !== this.told) {
      this.told = value;
      this.onChange(this.field, value);
    }
  }
}

function describe(model) {
  const price = model.is_free ? "free" : model.prompt && model.completion ? `$${model.prompt} in, $${model.completion} out per M` : "";
  const context = model.context_length ? `${Math.round(model.context_length / 1000)}k` : "";
  const end = model.expires ? `until ${model.expires}` : "";
  return [price, context, end].filter(Boolean).join(" · ");
}
