// Before anything is drawn: the theme that this browser was last told. Not a module, since those come later.

document.documentElement.dataset.theme = localStorage.getItem("chit-theme") ?? "";
