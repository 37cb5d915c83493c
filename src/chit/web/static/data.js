// Exports and imports.

import { does } from "./actions.js";
import { make, parse } from "./fragments.js";
import { ask } from "./session.js";
import { send } from "./settings.js";

export const imported = ({ html }) => document.querySelector(".imported")?.replaceChildren(parse(html));

does({
  async save(button) {
    const { path, name } = button.dataset;
    button.closest("[popover]")?.hidePopover();
    const file = name && (await window.showSaveFilePicker?.({ suggestedName: name }).catch(() => 0));
    if (file === 0) {
      return;
    }
    const reply = await ask("GET", path, undefined, "file");
    if (file) {
      return reply.body.pipeTo(await file.createWritable());
    }
    const link = make("a");
    link.href = URL.createObjectURL(await reply.blob());
    link.download = reply.headers.get("Content-Disposition").split('"')[1];
    link.click();
    setTimeout(URL.revokeObjectURL, 6e4, link.href);
  },
});

send.import = ({ file }) => ask("POST", "/import", file, "application/octet-stream");
