// Pictures that can be stepped through. Without this script they are whole, and
// their steps stand below them in words.

function makeSteps(figure, told) {
  const steps = [...told.querySelectorAll("li")];
  const marks = markers[kindOf(figure)](figure, steps);
  const panel = document.createElement("div");
  panel.className = "stepper";
  panel.setAttribute("role", "group");
  panel.setAttribute("aria-label", "Step through the picture");
  panel.innerHTML = `
    <p class="buttons">
      <button type="button" data-by="-1">Back</button>
      <button type="button" data-by="1">Step through</button>
      <button type="button" data-whole hidden>Whole picture</button>
      <span class="count"></span>
    </p>
    <div class="moment" aria-live="polite"></div>`;
  told.before(panel);
  const [back, next] = panel.querySelectorAll("[data-by]");
  const whole = panel.querySelector("[data-whole]");
  const [count, moment] = [".count", ".moment"].map((name) => {
    return panel.querySelector(name);
  });

  let at = -1; // the whole picture
  show(-1);

  function show(step) {
    at = Math.max(-1, Math.min(step, steps.length - 1));
    const isWhole = at < 0;
    figure.classList.toggle("stepping", !isWhole);
    marks(at);
    count.textContent = isWhole
      ? `${steps.length} steps`
      : `${at + 1} of ${steps.length}`;
    moment.innerHTML = isWhole ? "" : steps[at].innerHTML;
    next.textContent = isWhole ? "Step through" : "Next";
    // A button that has the focus must not vanish, or the focus is lost.
    next.setAttribute("aria-disabled", String(at === steps.length - 1));
    back.hidden = isWhole && document.activeElement !== back;
    back.setAttribute("aria-disabled", String(isWhole));
    whole.hidden = isWhole && document.activeElement !== whole;
  }

  panel.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    show("whole" in button.dataset ? -1 : at + Number(button.dataset.by));
  });
  panel.addEventListener("focusout", () => {
    if (at < 0) back.hidden = whole.hidden = true;
  });
  const keys = {
    ArrowRight: () => at + 1,
    ArrowDown: () => at + 1,
    ArrowLeft: () => at - 1,
    ArrowUp: () => at - 1,
    Home: () => 0,
    End: () => steps.length - 1,
    Escape: () => -1,
  };
  panel.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    show(keys[event.key]());
  });
}

function kindOf({ classList }) {
  return ["ladder", "plot", "graph"].find((kind) => classList.contains(kind));
}

/** How each kind of picture shows where one is: for each, what marks a step. */
const markers = {
  ladder: markLadder,
  plot: markPlot,
  graph: markGraph,
};

function markLadder(figure) {
  const drawings = [...figure.querySelectorAll("svg")].map((svg) => {
    return [...svg.querySelectorAll(".rung")];
  });
  return (at) => {
    for (const rungs of drawings) {
      for (const [i, rung] of rungs.entries()) {
        rung.classList.toggle("later", at >= 0 && i > at);
        rung.classList.toggle("now", i === at);
      }
      if (at >= 0 && rungs[at]?.checkVisibility()) keepInSight(rungs[at]);
    }
  };
}

/** Scrolls a step into the window, above the buttons. */
function keepInSight(rung) {
  const { top, bottom } = rung.getBoundingClientRect();
  const room = innerHeight - 240;
  if (top < 80) scrollBy({ top: top - 120 });
  else if (bottom > room) scrollBy({ top: bottom - room + 40 });
}

function markPlot(figure) {
  const drawings = [...figure.querySelectorAll("svg")].map((svg) => {
    const dots = [...svg.querySelectorAll(".dot circle")];
    const places = [...new Set(dots.map((dot) => dot.getAttribute("cx")))];
    places.sort((a, b) => a - b);
    const line = document.createElementNS(svg.namespaceURI, "line");
    line.setAttribute("class", "cursor");
    line.setAttribute("y1", 20);
    line.setAttribute("y2", svg.viewBox.baseVal.height - 48);
    svg.prepend(line);
    return { dots, places, line };
  });
  return (at) => {
    for (const { dots, places, line } of drawings) {
      line.style.display = at < 0 ? "none" : "";
      line.setAttribute("x1", places[at] ?? 0);
      line.setAttribute("x2", places[at] ?? 0);
      for (const dot of dots) {
        const isNow = dot.getAttribute("cx") === places[at];
        dot.classList.toggle("now", isNow);
      }
    }
  };
}

function markGraph(figure, steps) {
  const paths = steps.map(({ dataset }) => dataset.path.split("-"));
  return (at) => {
    const path = paths[at] ?? [];
    const arrows = path.slice(1).map((node, i) => `${path[i]}-${node}`);
    for (const node of figure.querySelectorAll("[data-node]")) {
      const isNow = path.includes(node.dataset.node);
      node.classList.toggle("now", isNow);
      node.classList.toggle("later", at >= 0 && !isNow);
    }
    for (const edge of figure.querySelectorAll("[data-edge]")) {
      const isNow = arrows.includes(edge.dataset.edge);
      edge.classList.toggle("now", isNow);
      edge.classList.toggle("later", at >= 0 && !isNow);
    }
  };
}

for (const figure of document.querySelectorAll("figure.drawing")) {
  const told = figure.querySelector(".told");
  if (told) makeSteps(figure, told);
}
