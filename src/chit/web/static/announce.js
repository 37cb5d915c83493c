// What a screen reader is told: a few words at the start and the end of a reply, nothing in between.

const region = document.getElementById("announcer");

export function announce(text) {
  region.textContent = "";
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}
