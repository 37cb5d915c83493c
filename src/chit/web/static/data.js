// Exports and imports: files that come and go.

import { does } from "./actions.js";
import { download } from "./download.js";
import { put } from "./fragments.js";
import { request } from "./session.js";

export function imported({ html }) {
  const report = document.querySelector(".imported");
  if (report) {
    put(report, html);
  }
}

// A large file goes where the person says as it comes, if the browser knows how; else it is put together in memory.
async function save({ dataset }) {
  const place = await window.showSaveFilePicker?.({ suggestedName: dataset.name }).catch(() => null);
  if (place) {
    const { body } = await request("GET", dataset.path);
    await body.pipeTo(await place.createWritable());
  } else if (place !== null) { // else nothing was chosen
    await download(dataset.path, dataset.name);
  }
}

does({
  save,
});
