// Light, dark, or as the reader's system has it.

const themes = ["auto", "light", "dark"];
const themeButton = document.getElementById("theme-button");
const root = document.documentElement;

function showTheme() {
  themeButton.textContent = `Colours: ${root.dataset.theme ?? "auto"}`;
}

themeButton.addEventListener("click", () => {
  const next = themes.indexOf(root.dataset.theme ?? "auto") + 1;
  root.dataset.theme = themes[next % themes.length];
  showTheme();
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch { // some browsers keep nothing for files
  }
});
showTheme();
themeButton.hidden = false;

// On paper there is nothing to unfold.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("main details:not([open])")) {
    details.open = true;
    details.dataset.opened = "";
  }
});
addEventListener("afterprint", () => {
  for (const details of document.querySelectorAll("details[data-opened]")) {
    details.open = false;
    delete details.dataset.opened;
  }
});
