// Light, dark or, empty, like the computer. `theme-first.js` puts it in place before the page is drawn.

export function setTheme(theme) {
  const wanted = theme === "system" ? "" : theme;
  document.documentElement.dataset.theme = wanted;
  localStorage.setItem("chit-theme", wanted);
}
