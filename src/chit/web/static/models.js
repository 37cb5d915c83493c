// The model field: free text with suggestions, several models with commas as fallbacks. It never restricts.

import { put } from "./fragments.js";
import { ask, at } from "./session.js";

const DELAY = 120;

// Brings every new field below `root` to life. `onChange(field, value)` is called when one was changed.
export function mount(root, onChange) {
  for (const field of root.querySelectorAll("[data-models]")) {
    field.modelBox ??= new ModelBox(field, onChange);
  }
}

function boxIn(place = ".model-field") {
  return document.querySelector(`${place} [data-models]`)?.modelBox;
}

// The choice in the header, or in another place, as a request names it: one id, several with commas, or nothing.
export function chosen(place) {
  return boxIn(place)?.value ?? "";
}

export function choose(model) {
  boxIn()?.show(model ?? "");
}

export function focusModel() {
  boxIn()?.box.focus();
}

class ModelBox {
  constructor(field, onChange) {
    this.field = field;
    this.onChange = onChange;
    this.box = field.querySelector(".model-input");
    this.chips = field.querySelector(".chips");
    this.list = field.querySelector(".suggestions");
    this.asked = 0;
    this.active = null;
    this.show(this.box.value);
    this.told = this.value;
    for (const type of ["input", "keydown", "focusout", "pointerdown", "click"]) {
      field.addEventListener(type, this);
    }
  }

  handleEvent(event) {
    this[event.type](event);
  }

  get value() {
    const chips = [...this.chips.querySelectorAll(".chip span")].map((chip) => chip.textContent);
    return [...chips, this.box.value.trim()].filter(Boolean).join(",");
  }

  show(value) {
    this.chips.replaceChildren();
    this.write(value);
  }

  // All but the last of several become chips.
  write(value) {
    const ids = value.split(",").map((id) => id.trim());
    this.box.value = ids.pop();
    for (const id of ids.filter(Boolean)) {
      const chip = this.field.querySelector("template").content.cloneNode(true);
      chip.querySelector("span span").textContent = id;
      chip.querySelector("button").ariaLabel = `Remove ${id}`;
      this.chips.append(chip);
    }
  }

  input() {
    if (this.box.value.includes(",")) {
      this.write(this.box.value);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.suggest(), DELAY);
  }

  // Whoever presses something here goes on writing.
  pointerdown(event) {
    if (event.target !== this.box) {
      event.preventDefault();
    }
  }

  focusout() {
    this.done();
  }

  click({ target }) {
    if (target.matches(".chip button")) {
      target.parentElement.remove();
      this.box.focus();
      this.tell();
    } else if (target === this.field) {
      this.box.focus();
    } else if (target.closest("[data-model]")) {
      this.take(target.closest("[data-model]"));
    }
  }

  keydown(event) {
    const { key } = event;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    const isOpen = !this.list.hidden;
    const chip = this.chips.lastElementChild;
    if (event.isComposing || event.target !== this.box) {
      return;
    }
    if (step && isOpen) {
      this.move(step);
    } else if (step) {
      this.suggest();
    } else if (key === "Enter") {
      this.take(this.active);
    } else if (key === "Escape" && isOpen) {
      event.stopPropagation();
      this.close();
    } else if (key === "Backspace" && this.box.value === "" && chip) {
      this.box.value = chip.querySelector("span").textContent;
      chip.remove();
    } else {
      return;
    }
    event.preventDefault();
  }

  move(step) {
    const options = [...this.list.querySelectorAll("[data-model]")];
    const from = Math.max(options.indexOf(this.active), step < 0 ? 0 : -1);
    this.activate(options.at((from + step) % options.length));
  }

  activate(option) {
    this.active?.setAttribute("aria-selected", "false");
    this.active = option;
    this.box.setAttribute("aria-activedescendant", option?.id ?? "");
    if (option) {
      option.ariaSelected = "true";
      option.scrollIntoView({ block: "nearest" });
    }
  }

  take(option) {
    if (option) {
      this.box.value = option.dataset.model;
    }
    this.done();
  }

  async suggest() {
    clearTimeout(this.timer);
    this.asked += 1;
    const mine = this.asked;
    const found = await ask("GET", at`/models?q=${this.box.value.trim()}`).catch(() => null);
    if (found && mine === this.asked && document.activeElement === this.box) {
      put(this.list, found.html);
      [...this.list.children].forEach((option, index) => {
        option.id = `${this.list.id}-${index}`;
      });
      this.open(true);
    }
  }

  open(isOpen) {
    this.activate();
    this.list.hidden = !isOpen;
    this.box.ariaExpanded = isOpen;
  }

  close() {
    this.asked += 1;
    clearTimeout(this.timer);
    this.open(false);
  }

  done() {
    this.close();
    this.tell();
  }

  tell() {
    if (this.value !== this.told) {
      this.told = this.value;
      this.onChange(this.field, this.value);
    }
  }
}
