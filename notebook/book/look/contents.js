// The contents of a chapter follow the reader.

const contents = document.querySelector(".contents");
if (contents) followReader(contents);

function followReader(contents) {
  const wide = matchMedia("(min-width: 72rem)");
  const details = contents.querySelector("details");
  const fold = () => details.open = wide.matches;
  fold();
  wide.addEventListener("change", fold);
  contents.classList.add("live");
  // On a narrow screen the list stands in the way of what it leads to.
  contents.addEventListener("click", ({ target }) => {
    if (target.closest("a") && !wide.matches) details.open = false;
  });

  const links = [...contents.querySelectorAll("a")];
  const headings = links.map(({ hash }) => {
    return document.getElementById(decodeURIComponent(hash.slice(1)));
  });

  // The last heading above the upper third of the window is where the reader is.
  function follow() {
    const line = innerHeight / 3;
    const here = headings.findLastIndex((heading) => {
      return heading.getBoundingClientRect().top < line;
    });
    for (const [i, link] of links.entries()) {
      if (i === here) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const item of contents.querySelectorAll("li")) {
      item.classList.toggle("here", item.contains(links[here] ?? null));
    }
    if (here >= 0 && wide.matches) keepInSight(links[here]);
  }

  function keepInSight(link) {
    const [box, own] = [contents, link].map((e) => e.getBoundingClientRect());
    if (own.top < box.top + 40) contents.scrollTop += own.top - box.top - 80;
    if (own.bottom > box.bottom - 40) {
      contents.scrollTop += own.bottom - box.bottom + 80;
    }
  }

  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      follow();
    });
  }, { passive: true });
  follow();
}
