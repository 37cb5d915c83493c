// Before anything is drawn: the theme that this browser was last told. Not a module, since those come later.

{
  let theme = null;
  try {
    theme = localStorage.getItem("chit-theme");
  } catch {
    // a browser that keeps nothing follows the computer
  }
  if (theme === "light" || theme === "dark") {
    document.documentElement.dataset.theme = theme;
  }
}
