// The claims, sorted and filtered.

const claims = document.getElementById("claims");
if (claims) makeTable(claims);

function makeTable(claims) {
  const form = document.querySelector(".filter");
  const status = form.querySelector("[role=status]");
  const rows = [...claims.tBodies[0].rows];
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  filter();

  function filter() {
    const { verdict, words } = form.elements;
    const wanted = words.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const isShown =
        (!verdict.value || row.dataset.verdict === verdict.value) &&
        wanted.every((word) => text.includes(word));
      row.hidden = !isShown;
      if (isShown) shown++;
    }
    status.textContent = shown === rows.length
      ? `${shown} claims`
      : `${shown} of ${rows.length} claims`;
  }

  // A link to a claim shows it, whatever is filtered.
  addEventListener("hashchange", () => {
    const row = document.getElementById(location.hash.slice(1));
    if (!row?.hidden) return;
    form.reset();
    filter();
    row.scrollIntoView();
  });

  const order = ["wrong", "care", "holds"];
  const keys = [
    (row) => Number(row.id.slice(1)),
    (row) => row.cells[1].textContent,
    (row) => order.indexOf(row.dataset.verdict),
    (row) => row.cells[3].textContent,
    (row) => row.cells[4].textContent,
  ];
  claims.tHead.classList.add("sorts");
  const headers = [...claims.tHead.rows[0].cells];
  for (const [i, header] of headers.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener("click", () => sort(i));
  }
  headers[0].setAttribute("aria-sort", "ascending");

  function sort(column) {
    const header = headers[column];
    const isUp = header.getAttribute("aria-sort") !== "ascending";
    for (const each of headers) each.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", isUp ? "ascending" : "descending");
    const key = keys[column];
    rows.sort((a, b) => {
      const [x, y] = isUp ? [key(a), key(b)] : [key(b), key(a)];
      return typeof x === "number" ? x - y : x.localeCompare(y, "en");
    });
    claims.tBodies[0].append(...rows);
  }
}
