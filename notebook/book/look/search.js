// The search. What it finds is fetched as a script when somebody looks for it.

const searchButton = document.getElementById("search-button");
searchButton.hidden = false;
searchButton.addEventListener("click", openSearch);
addEventListener("keydown", (event) => {
  const { key, target, ctrlKey, metaKey } = event;
  const isTyping = target.closest("input, textarea, select");
  if ((key === "/" && !isTyping) || (key === "k" && (ctrlKey || metaKey))) {
    event.preventDefault();
    openSearch();
  }
});

let dialog;

function openSearch() {
  dialog ??= makeSearch();
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input").select();
}

function makeSearch() {
  const made = document.createElement("dialog");
  made.className = "search";
  made.setAttribute("aria-label", "Search the book");
  made.innerHTML = `
    <form method="dialog">
      <label for="search-words">Search the book</label>
      <input id="search-words" type="search" autocomplete="off" spellcheck="false">
      <button>Close</button>
    </form>
    <p role="status"></p>
    <ol></ol>`;
  document.body.append(made);
  const [input, status, list] = ["input", "[role=status]", "ol"].map((name) => {
    return made.querySelector(name);
  });
  const index = loadIndex();
  input.addEventListener("input", async () => {
    const found = (await index).search(input.value).slice(0, 12);
    status.textContent = !input.value
      ? ""
      : found.length === 0
      ? "Nothing found"
      : found.length === 12
      ? "The best 12 places"
      : `${found.length} place${found.length === 1 ? "" : "s"}`;
    list.replaceChildren(...found.map((each) => {
      return showFound(each, input.value);
    }));
  });
  made.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown") (links[at + 1] ?? links.at(-1))?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? links[at - 1] : input).focus();
    else if (event.key === "Enter" && event.target === input) links[0]?.click();
    else return;
    event.preventDefault();
  });
  // A link to another place of the same page leaves the page where it is.
  list.addEventListener("click", ({ target }) => {
    if (target.closest("a")) made.close();
  });
  made.addEventListener("click", ({ target }) => {
    if (target === made) made.close(); // beside it
  });
  return made;
}

function loadIndex() {
  const { promise, resolve, reject } = Promise.withResolvers();
  const script = document.createElement("script");
  script.src = "search.js";
  script.addEventListener("error", reject);
  script.addEventListener("load", () => {
    const index = new globalThis.MiniSearch({
      fields: ["title", "text", "code"],
      storeFields: ["page", "at", "title", "chapter", "text"],
      searchOptions: {
        boost: { title: 3, text: 2 },
        combineWith: "AND",
        prefix: true,
        fuzzy: (word) => word.length > 5 ? 0.2 : false,
      },
    });
    index.addAll(globalThis.bookSections);
    resolve(index);
  });
  document.head.append(script);
  return promise;
}

/** A place that was found, with the words around what was looked for. */
function showFound({ page, at, title, chapter, text }, wanted) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `${page}#${at}`;
  const parts = [["strong", title], ["small", chapter]];
  for (const [tag, content] of [...parts, ["span", around(text, wanted)]]) {
    const part = document.createElement(tag);
    part.textContent = content;
    link.append(part, " ");
  }
  item.append(link);
  return item;
}

function around(text, wanted) {
  const [word] = wanted.toLowerCase().split(/\s+/);
  const found = Math.max(0, text.toLowerCase().indexOf(word));
  const begin = found < 60 ? 0 : text.indexOf(" ", found - 60) + 1;
  const cut = text.slice(begin, begin + 160);
  return (begin > 0 ? "… " : "") + cut +
    (text.length > begin + 160 ? " …" : "");
}
