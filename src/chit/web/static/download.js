// Files that need the token: fetched by script, then saved as if a link had been followed.

import { request } from "./session.js";

const KEPT = 60_000; // some browsers read the file only after the click

export async function download(path, name) {
  const reply = await request("GET", path);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await reply.blob());
  link.download = name ?? reply.headers.get("Content-Disposition").split('"')[1];
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}
