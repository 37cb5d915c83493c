// Light, dark or like the computer. `theme-first.js` puts it in place before the page is drawn.

export function setTheme(theme) {
  if (theme === "light" || theme === "dark") {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("chit-theme", theme);
  } else {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("chit-theme");
  }
}

addEventListener("storage", (event) => {
  if (event.key === "chit-theme") {
    setTheme(event.newValue);
  }
});
