// Light, dark or, empty, like the computer. `theme-first.js` puts it in place before the page is drawn.

const KEY = "chit-theme";

export function setTheme(theme) {
  document.documentElement.dataset.theme = theme === "system" ? "" : theme;
  localStorage.setItem(KEY, document.documentElement.dataset.theme);
}

addEventListener("storage", (event) => {
  if (event.key === KEY) {
    document.documentElement.dataset.theme = event.newValue;
  }
});
