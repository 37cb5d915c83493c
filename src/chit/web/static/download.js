// Files of ours.
import { does } from "./actions.js";
import { make } from "./fragments.js";
import { ask, call } from "./session.js";

export async function download(path, name) {
  const reply = await call(path);
  if (!reply.ok) {
    return ask("GET", path);
  }
  const href = URL.createObjectURL(await reply.blob());
  Object.assign(make("a"), { href, download: name }).click();
}

does({ download: ({ dataset }) => download(dataset.path, dataset.name) });
