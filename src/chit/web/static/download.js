// Files that need the token: fetched, then given to the browser to keep.

import { does } from "./actions.js";
import { call, Problem } from "./session.js";

export async function download(path, name) {
  const reply = await call(path);
  if (!reply.ok) {
    throw new Problem(reply.status, (await reply.json()).error);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await reply.blob());
  link.download = name;
  link.click();
}

does({ download: ({ dataset }) => download(dataset.path, dataset.name) });
