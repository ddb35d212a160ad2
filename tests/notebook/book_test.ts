/**
 * The book: what its pages are made of, and the pages as people see them, opened
 * from files in a real Chromium.
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
// deno-lint-ignore no-import-prefix
import { unzipSync } from "npm:fflate@0.8.3";
// deno-lint-ignore no-import-prefix
import axe from "npm:axe-core@4.14.1";
import {
  makeBook,
  readEntries,
  writeBook,
  zip,
} from "../../notebook/book/book.ts";
import { markup } from "../../notebook/book/html.ts";
import { follow } from "../../notebook/book/knowledge.ts";
import { anchorOf, Links } from "../../notebook/book/links.ts";
import { sanitize, sanitizeSvg } from "../../notebook/book/sanitize.ts";
import {
  canonical,
  FOLDER,
  type Notebook,
} from "../../notebook/jupyter/format.ts";
import * as draw from "../../notebook/lib/draw.ts";
import type { Picture } from "../../notebook/lib/show.ts";
import {
  launch,
  open,
  type Page,
  type View,
  type Watched,
} from "../browser.ts";
import { needs, program } from "../harness.ts";

const ROOT = join(FOLDER, "..");

// --- A chapter with everything in it -----------------------------------------

const TCP: draw.Step[] = [
  { at: "right", does: "listen(3)" },
  { from: "left", label: "SYN" },
  { from: "right", label: "SYN, ACK" },
  { from: "left", label: "ACK" },
  { from: "right", label: "Hello!", strong: true },
  { from: "left", label: "ACK" },
  { from: "left", label: "FIN, ACK" },
  { from: "right", label: "FIN, ACK" },
  { from: "left", label: "ACK" },
];

const NAMES: [string, string] = [
  "client 127.0.0.1:50000",
  "server 127.0.0.1:1234",
];

/** An output with a picture, as a cell shows it. */
function output({ png, alt, width, drawing }: Picture) {
  return {
    output_type: "display_data" as const,
    data: { "image/png": png.toBase64(), "text/plain": alt },
    metadata: {
      "image/png": { alt, width },
      ...(drawing && { drawing: JSON.stringify(drawing) }),
    },
  };
}

async function fixture(): Promise<Notebook> {
  const rows = [1, 2, 3].map((n) => ({
    sent: n * 10,
    received: Math.min(n * 10, 20),
  }));
  const place = { x: "sent", y: "received" };
  const name = { ...place, text: () => "received", dx: 10 };
  const pictures = [
    await draw.ladder(TCP, "A ladder of a conversation, to be tried.", {
      names: NAMES,
    }),
    await draw.plot({
      x: { label: "sent" },
      marginRight: 90,
      marks: [
        draw.Plot.line(rows, place),
        draw.Plot.dot(rows, { ...place, fill: draw.ACCENT }),
        draw.Plot.text(rows.slice(-1), { ...name, textAnchor: "start" }),
      ],
    }, "A curve that rises and then stays where it is."),
    await draw.graph({
      columns: {
        numbers: ["a = fd 3", "b = fd 4"],
        files: ["inode 7\nnotes.txt"],
      },
      arrows: [["a = fd 3", "inode 7\nnotes.txt"], [
        "b = fd 4",
        "inode 7\nnotes.txt",
      ]],
    }, "Two descriptors on the left, and both point to one inode."),
    await draw.render(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 60" width="900" height="60">' +
        '<rect width="900" height="60" fill="#ffcc00"/></svg>',
      "A wide bar in a colour of its own, to be scrolled.",
    ),
  ];
  const still = output(pictures[0]);
  const markdown = (id: string, source: string) => {
    return { cell_type: "markdown" as const, id, metadata: {}, source };
  };
  const code = (
    id: string,
    outputs: Notebook["cells"][0]["outputs"],
    tags?: string[],
  ) => {
    const source = `const ${id} = 1 < 2;`;
    return {
      cell_type: "code" as const,
      id,
      metadata: { tags },
      source,
      outputs,
    };
  };
  return {
    cells: [
      markdown("title", "# A chapter to try\n\nIt has *everything* in it."),
      markdown(
        "links",
        '## 9. References\n\n<a id="here"></a>[down](#9.-References), ' +
          "[the place](#here), [the first](start.ipynb#Minute-1:-a-server), " +
          "[nowhere](nowhere.ipynb), [server.ts](../server.ts), [a folder](lib), " +
          "[evil](javascript:alert(1)), [claims](ledger.json)\n\n<script>evil()</script>",
      ),
      ...pictures.map((picture, i) => code(`picture${i}`, [output(picture)])),
      code("still", [{ ...still, metadata: {} }]),
      markdown(
        "guess",
        '<a id="guess"></a>\n\n### Guess\n\n<details><summary>Answer</summary>\n\nForty-two zebras.\n\n</details>',
      ),
      code("answer", [{
        output_type: "stream",
        name: "stdout",
        text: "42 <b>\n",
      }], ["guess", "C01"]),
      code("table", [{
        output_type: "display_data",
        data: {
          "text/html": "<table><thead><tr><th>a</th></tr></thead><tbody><tr>" +
            '<td data-label="a" onclick="evil()">1</td></tr></tbody></table>' +
            '<img src="https://example.com/x.png">',
        },
      }]),
    ],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/** The whole book of today, and the chapter to try at its end. */
async function makeTried(): Promise<Map<string, string>> {
  const folder = await Deno.makeTempDir();
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (!/\.(ipynb|json)$/.test(name)) continue;
    await Deno.copyFile(join(FOLDER, name), join(folder, name));
  }
  const text = JSON.stringify(await fixture());
  await Deno.writeTextFile(join(folder, "tried.ipynb"), text);
  const entry = {
    name: "tried",
    title: "To try",
    line: "Everything.",
    picture: "",
  };
  const entries = [...await readEntries(), entry];
  const book = await makeBook({ notebooks: folder, entries });
  await Deno.remove(folder, { recursive: true });
  return book;
}

const BOOK = await makeTried();
const PAGES = [...BOOK.keys()].filter((name) => name.endsWith(".html"));
const TRIED = BOOK.get("tried.html")!;

// --- What the pages are made of ----------------------------------------------

Deno.test("a text in a template means itself", () => {
  const text = '<a href="x">&';
  assertEquals(
    `${markup`<b>${text}</b>`}`,
    "<b>&lt;a href=&quot;x&quot;&gt;&amp;</b>",
  );
  assertEquals(`${markup`${[1, false, undefined, "2"]}`}`, "12");
});

Deno.test("a heading is found by JupyterLab's name and by VS Code's", () => {
  for (const name of ["9.-References", "9-references", "9. References"]) {
    assertEquals(anchorOf(name), "9-references");
  }
  assertEquals(anchorOf("cell-id=tcp-figure"), "cell-id=tcp-figure");
});

Deno.test("a link leads where a reader can follow it, or is plain text", () => {
  const links = new Links(ROOT, ["start"]);
  const lead = (href: string) => links.resolve(href);
  assertEquals(lead("https://deno.com/x#y"), "https://deno.com/x#y");
  assertEquals(lead("start.ipynb#The-End"), "start.html#the-end");
  assertEquals(lead("ledger.json"), "claims.html");
  assertEquals(lead("../server.ts"), "source-server.ts.html");
  assertEquals([...links.files], ["server.ts"]);
  for (
    const href of [
      "no.ipynb",
      "../no.ts",
      "lib",
      "../../etc/passwd.txt",
      "javascript:x",
    ]
  ) {
    assertEquals(lead(href), undefined, href);
  }
});

Deno.test("what a notebook contains brings no script, no style and no foreign picture", () => {
  const links = new Links(ROOT, []);
  const clean = (text: string) => sanitize(text, links).text;
  assertEquals(
    clean("<script>x</script><p onclick='x' style='x'>a</p>"),
    "<p>a</p>",
  );
  assertEquals(clean('<img src="https://x.org/a.png" alt="a">'), "");
  assertEquals(clean('<a href="javascript:x">a</a>'), "<span>a</span>");
  assertEquals(clean("<iframe src='x'></iframe><style>a{}</style>"), "");
  const svg =
    '<svg viewBox="0 0 9 9" onload="x"><script>x</script><style>x</style>' +
    '<a href="x"><text fill="#24292f" onclick="x">a</text></a></svg>';
  const drawn = sanitizeSvg(svg, 'say "a"').svg.text;
  assert(!/script|style|onload|onclick|href/.test(drawn), drawn);
  assert(drawn.includes('fill="var(--ink)"'), drawn);
  assert(drawn.includes("&quot;a&quot;"), drawn);
});

Deno.test("a drawing in colours that the page does not know stays on white paper", () => {
  const svg = (fill: string) => {
    return `<svg viewBox="0 0 9 9"><rect fill="${fill}"/></svg>`;
  };
  for (
    const fill of ["none", "currentColor", draw.ACCENT, draw.GREY, "white"]
  ) {
    assertEquals(sanitizeSvg(svg(fill), "").hasOwnColours, false, fill);
  }
  assertEquals(sanitizeSvg(svg("#ffcc00"), "").hasOwnColours, true);
});

Deno.test("the states of both sides of TCP are those of RFC 9293", () => {
  const states = follow(TCP, NAMES).map(({ knows }) => {
    return [knows!.left, knows!.right].map((text) => text.split(":")[0]);
  });
  assertEquals(states, [
    ["CLOSED", "LISTEN"],
    ["SYN-SENT", "SYN-RECEIVED"],
    ["ESTABLISHED", "SYN-RECEIVED"],
    ["ESTABLISHED", "ESTABLISHED"],
    ["ESTABLISHED", "ESTABLISHED"],
    ["ESTABLISHED", "ESTABLISHED"],
    ["FIN-WAIT-1", "CLOSE-WAIT"],
    ["TIME-WAIT", "LAST-ACK"],
    ["TIME-WAIT", "CLOSED"],
  ]);
});

Deno.test("a side knows that its bytes have arrived when an ACK says so", () => {
  const moments = follow(TCP, NAMES);
  assertMatch(moments[4].happens, /^server → client: Hello!$/);
  assertMatch(moments[4].knows!.left, /6 bytes received$/);
  assertMatch(moments[4].knows!.right, /6 bytes sent, not yet acknowledged$/);
  assertMatch(moments[5].knows!.right, /6 bytes sent and acknowledged$/);
});

Deno.test("a reset ends a connection for both, and simultaneous ends are known", () => {
  const opened = TCP.slice(1, 4);
  const states = (...more: draw.Step[]) => {
    const { left, right } = follow([...opened, ...more], NAMES).at(-1)!.knows!;
    return [left.split(":")[0], right.split(":")[0]];
  };
  const fin = (from: draw.Side): draw.Step => ({ from, label: "FIN, ACK" });
  const ack = (from: draw.Side): draw.Step => ({ from, label: "ACK" });
  assertEquals(states({ from: "right", label: "RST" }), ["CLOSED", "CLOSED"]);
  assertEquals(states(fin("right"), ack("left"), fin("left"), ack("right")), [
    "CLOSED",
    "TIME-WAIT",
  ]);
  assertEquals(states(fin("right"), ack("left")), ["CLOSE-WAIT", "FIN-WAIT-2"]);
});

Deno.test("of a datagram its sender knows nothing until an answer comes", () => {
  const [sent, answered] = follow([
    { from: "left", label: "Hello?", strong: true },
    { from: "right", label: "Hello!", strong: true },
  ], NAMES);
  assertMatch(sent.knows!.left, /doesn't know whether it arrives/);
  assertMatch(answered.knows!.right, /has received 1 datagram/);
});

Deno.test("of a ladder that is neither TCP's nor UDP's nothing is made up", () => {
  const steps: draw.Step[] = [
    { from: "left", label: "a question" },
    { from: "right", label: "an answer" },
  ];
  assertEquals(follow(steps, NAMES).map(({ knows }) => knows), [
    undefined,
    undefined,
  ]);
});

Deno.test("a plot keeps its figures exactly, and a graph its paths", () => {
  const figures = [
    ...TRIED.matchAll(/<li><b>sent: (\d+)<\/b><span><i>received<\/i> (\d+)/g),
  ];
  assertEquals(figures.map(([, x, y]) => [x, y]), [["10", "10"], ["20", "20"], [
    "30",
    "20",
  ]]);
  assert(TRIED.includes("→ inode 7, notes.txt <i>shared with b</i>"));
});

Deno.test("what would give a guess away is folded", () => {
  const answer = TRIED.slice(TRIED.indexOf('id="cell-id=answer"'));
  assertMatch(
    answer,
    /<details class="answer"><summary>[^<]+<\/summary><pre[^>]*>42 &lt;b&gt;/,
  );
  assert(TRIED.includes('<a href="claims.html#C01"'));
  assert(BOOK.get("claims.html")!.includes('href="tried.html#cell-id=answer"'));
});

Deno.test("a notebook keeps which outputs are folded, and the page folds them", async () => {
  const folder = await Deno.makeTempDir();
  const cell = (
    id: string,
    outputs_hidden: boolean,
    source_hidden = false,
  ): Notebook["cells"][0] => {
    const outputs = [{
      output_type: "stream" as const,
      name: "stdout",
      text: id,
    }];
    const metadata = { jupyter: { outputs_hidden, source_hidden } };
    return { cell_type: "code", id, metadata, source: "1", outputs };
  };
  const check = { ...cell("check", true, true), outputs: [] };
  const { cells } = canonical({
    ...await fixture(),
    cells: [
      ...[cell("folded", true), cell("open", false)],
      ...[cell("both", true, true), check],
    ],
  });
  const both = { jupyter: { outputs_hidden: true, source_hidden: true } };
  const kept = [{ jupyter: { outputs_hidden: true } }, {}, both, both];
  assertEquals(cells.map(({ metadata }) => metadata), kept);
  const notebook = JSON.stringify({ cells });
  await Deno.writeTextFile(join(folder, "tried.ipynb"), notebook);
  await Deno.writeTextFile(join(folder, "ledger.json"), "[]");
  const entries = [{ name: "tried", title: "To try", line: "", picture: "" }];
  const book = await makeBook({ notebooks: folder, entries });
  const page = book.get("tried.html")!;
  const folds = page.matchAll(
    /<details class="(?:answer|code)">.*?<\/details>/gs,
  );
  const [outputs, whole, checked, ...more] = Array.from(folds, ([all]) => all);
  assertEquals(more, []);
  assert(outputs.includes("folded") && !outputs.includes('class="source"'));
  assertMatch(whole, /class="source".*both/s);
  assertMatch(checked, /The check<\/summary><pre class="source">/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a chapter that is missing is left out, and the others stay in order", async () => {
  const listed = (await readEntries()).map(({ name }) => `${name}.html`);
  const there = listed.filter((name) => BOOK.has(name));
  const index = BOOK.get("index.html")!;
  const shown = [...index.matchAll(/<li><a href="([^"]+)"/g)].map(([, href]) =>
    href
  );
  assertEquals(shown, [...there, "tried.html"]);
  assert(there.length >= 4);
});

Deno.test("no page is heavier than 1.5 MB, nor asks anybody else for anything", () => {
  for (const page of PAGES) {
    const text = BOOK.get(page)!;
    assert(text.length < 1_500_000, `${page}: ${text.length}`);
    const fetched = [
      ...text.matchAll(/<(?:script|link|img)[^>]* (?:src|href)="([^"]*)"/g),
    ];
    for (const [, address] of fetched) {
      assertMatch(address, /^(book\.(css|js)$|data:)/, page);
    }
  }
  assert(!/@import|url\((?!data:)/.test(BOOK.get("book.css")!));
});

Deno.test("the same book makes the same zip, with each of its files", () => {
  const packed = zip(BOOK);
  assertEquals(packed, zip(BOOK));
  const files = Object.entries(unzipSync(packed));
  assertEquals(
    files.map(([name]) => name).sort(),
    [...BOOK.keys()].map((name) => `book/${name}`).sort(),
  );
  const [, index] = files.find(([name]) => name === "book/index.html")!;
  assertEquals(new TextDecoder().decode(index), BOOK.get("index.html"));
});

// --- The pages in a browser --------------------------------------------------

const CHROMIUM = [program("chromium")] satisfies [boolean, string][];

/** The book in a folder, and a browser; both are gone with their scope. */
async function openBook() {
  const stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await writeBook(folder, BOOK);
  const browser = stack.use(await launch());
  return {
    async view(
      page: string,
      view: View,
      look: (watched: Watched) => Promise<void>,
    ) {
      const watched = await open(browser, view);
      await watched.page.goto(`${pathToFileURL(folder)}/${page}`);
      await look(watched);
      assertEquals(watched.troubles, [], page);
      const foreign = watched.requests.filter((url) =>
        !/^(file|data|blob):/.test(url)
      );
      assertEquals(foreign, [], page);
      await watched.page.close();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What sticks out of the page, or is cut off inside of it. */
const TOO_WIDE = `(() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  const found = scrollWidth > clientWidth ? ["the page"] : [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; text = texts.nextNode();) {
    if (text.parentElement.closest(".scroll, .small")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const boxes = text.data.trim() ? [...range.getClientRects()] : [];
    if (boxes.some(({ left, right }) => left < 0 || right > clientWidth)) {
      found.push(text.data);
    }
  }
  for (const element of document.body.querySelectorAll("*")) {
    if (element.matches(".scroll, .small, thead")) continue;
    const clips = getComputedStyle(element).overflowX !== "visible";
    if (clips && element.scrollWidth > element.clientWidth + 1) {
      found.push(element.outerHTML.slice(0, 200));
    }
  }
  return found;
})()`;

/** The words of drawings that are smaller than 10 pixels. */
const TOO_SMALL = `(() => {
  const texts = [...document.querySelectorAll(".drawing text")];
  return texts.filter((text) => text.checkVisibility()).flatMap((text) => {
    const scale = text.getScreenCTM().a;
    const size = Number.parseFloat(getComputedStyle(text).fontSize) * scale;
    return size < 10 ? text.textContent + ": " + size : [];
  });
})()`;

const AXE =
  `axe.run(document, { preload: false, resultTypes: ["violations"] }).then((result) =>
  result.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => id + ": " + html.slice(0, 200))))`;

for (const width of [375, 768, 1280]) {
  for (const dark of [false, true]) {
    const time = dark ? "night" : "day";
    Deno.test({
      ...needs(
        `the pages have a place for everything, and axe finds nothing, at ${width} pixels by ${time}`,
        ...CHROMIUM,
      ),
      async fn() {
        await using book = await openBook();
        const found: unknown[] = [];
        for (const name of PAGES) {
          await book.view(name, { width, dark }, async ({ page }) => {
            for (const what of [TOO_WIDE, TOO_SMALL]) {
              const some = await page.evaluate(what) as string[];
              found.push(...some.map((each) => [name, each]));
            }
            // What is folded has to be in order as well.
            await page.evaluate(
              "document.querySelectorAll('details').forEach((d) => d.open = true)",
            );
            await page.evaluate(axe.source);
            const violations = await page.evaluate(AXE) as string[];
            found.push(...violations.map((each) => [name, each]));
          });
        }
        assertEquals(found, []);
      },
    });
  }
}

Deno.test({
  ...needs("each link inside of the book leads somewhere", ...CHROMIUM),
  async fn() {
    await using book = await openBook();
    const places = new Map<string, Set<string>>();
    const links: [page: string, href: string][] = [];
    for (const name of PAGES) {
      await book.view(name, { width: 800 }, async ({ page }) => {
        const [ids, hrefs] = await page.evaluate(`[
          [...document.querySelectorAll("[id]")].map(({ id }) => id),
          [...document.querySelectorAll("a[href]")].map((a) => a.getAttribute("href")),
        ]`) as [string[], string[]];
        assertEquals(
          ids.length,
          new Set(ids).size,
          `${name}: twice the same place`,
        );
        places.set(name, new Set(ids));
        for (const href of hrefs) links.push([name, href]);
      });
    }
    const lost = links.filter(([name, href]) => {
      if (/^https?:/.test(href)) return false;
      const [page, place] = href.split("#");
      const found = places.get(page || name);
      return !found || (place && !found.has(decodeURIComponent(place)));
    });
    assertEquals(lost, []);
    assert(links.length > 100);
  },
});

Deno.test({
  ...needs(
    "without scripts the pages say all that they say with them",
    ...CHROMIUM,
  ),
  async fn() {
    await using book = await openBook();
    const texts: string[] = [];
    for (const scripts of [true, false]) {
      await book.view(
        "tried.html",
        { width: 1280, scripts },
        async ({ page }) => {
          const text = "document.querySelector('main').innerText";
          texts.push(await page.evaluate(text) as string);
          assertEquals(
            await page.evaluate("document.querySelectorAll('.stepper').length"),
            scripts ? 3 : 0,
          );
        },
      );
    }
    const steppers = /^(Step through|\d+ steps)\n+/gm;
    const plain = texts.map((text) =>
      text.replaceAll(steppers, "").replaceAll(/\s+/g, " ")
    );
    assertEquals(plain[0], plain[1]);
  },
});

/** Where a stepped picture is, as its reader sees and hears it. */
const AT = `(() => {
  const figure = document.querySelector("figure.ladder");
  const visible = [...figure.querySelectorAll("svg")].find((s) => s.checkVisibility());
  const rungs = [...visible.querySelectorAll(".rung")];
  return {
    count: figure.querySelector(".count").textContent,
    moment: figure.querySelector(".moment b")?.textContent ?? "",
    now: rungs.findIndex((rung) => rung.classList.contains("now")),
    later: rungs.filter((rung) => rung.classList.contains("later")).length,
  };
})()`;

for (const width of [375, 1280]) {
  Deno.test({
    ...needs(
      `a ladder is stepped through by the keyboard at ${width} pixels`,
      ...CHROMIUM,
    ),
    async fn() {
      await using book = await openBook();
      await book.view("tried.html", { width }, async ({ page }) => {
        const all = TCP.length;
        const whole = { count: `${all} steps`, moment: "", now: -1, later: 0 };
        assertEquals(await page.evaluate(AT), whole);
        await page.focus("figure.ladder [data-by='1']");
        await page.keyboard.press("Enter");
        await page.keyboard.press("ArrowRight");
        assertEquals(await page.evaluate(AT), {
          count: `2 of ${all}`,
          moment: "client → server: SYN",
          now: 1,
          later: all - 2,
        });
        await page.keyboard.press("End");
        await page.keyboard.press("ArrowRight"); // there is none
        assertEquals((await page.evaluate(AT) as { now: number }).now, all - 1);
        await page.keyboard.press("Escape");
        assertEquals(await page.evaluate(AT), whole);
        assertEquals(
          await page.evaluate("document.activeElement.tagName"),
          "BUTTON",
        );
      });
    },
  });
}

Deno.test({
  ...needs("plots and graphs are stepped through, too", ...CHROMIUM),
  async fn() {
    await using book = await openBook();
    await book.view("tried.html", { width: 1280 }, async ({ page }) => {
      for (const kind of ["plot", "graph"]) {
        await page.click(`figure.${kind} [data-by='1']`);
      }
      const marked = (what: string) =>
        page.evaluate(`document.querySelectorAll(".wide ${what}").length`);
      assertEquals(await marked(".dot .now"), 1);
      assertEquals(await marked("[data-node].now"), 2);
      assertEquals(await marked("[data-edge].now"), 1);
      assertEquals(await marked("[data-edge].later"), 1);
    });
  },
});

Deno.test({
  ...needs(
    "the search finds a place in another chapter, and goes there",
    ...CHROMIUM,
  ),
  async fn() {
    await using book = await openBook();
    await book.view("index.html", { width: 800 }, async ({ page }) => {
      await page.keyboard.press("/");
      await page.type("#search-words", "forty zebras");
      await page.waitForSelector("dialog li a");
      assertMatch(await textOf(page, "dialog li a"), /^Guess To try/);
      await Promise.all([
        page.waitForNavigation(),
        page.keyboard.press("Enter"),
      ]);
      assertMatch(page.url(), /\/tried\.html#guess$/);
    });
  },
});

async function textOf(page: Page, selector: string): Promise<string> {
  const element = `document.querySelector(${JSON.stringify(selector)})`;
  return await page.evaluate(`${element}.textContent`) as string;
}

Deno.test({
  ...needs("the search finds a name that stands only in code", ...CHROMIUM),
  async fn() {
    await using book = await openBook();
    await book.view("tried.html", { width: 800 }, async ({ page }) => {
      await page.click("#search-button");
      await page.type("#search-words", "picture3");
      await page.waitForSelector("dialog li a");
      assertMatch(await textOf(page, "dialog li a"), /^9. References To try/);
    });
  },
});

Deno.test({
  ...needs("the claims are filtered and sorted", ...CHROMIUM),
  async fn() {
    await using book = await openBook();
    await book.view("claims.html", { width: 1280 }, async ({ page }) => {
      const shown = async () =>
        await page.evaluate(
          "[...document.querySelectorAll('tbody tr')].filter((r) => !r.hidden).map((r) => r.id)",
        ) as string[];
      const all = await shown();
      await page.click("thead th:first-child button"); // backwards
      assertEquals(await shown(), all.toReversed());
      await page.click("input[value=wrong]");
      const wrong = await shown();
      assert(wrong.length > 0 && wrong.length < all.length);
      assertMatch(
        await textOf(page, "[role=status]"),
        RegExp(`^${wrong.length} of ${all.length} `),
      );
      await page.type(".words input", "no such words at all");
      assertEquals(await shown(), []);
    });
  },
});

Deno.test({
  ...needs(
    "the contents follow the reader, and the colours the reader's choice",
    ...CHROMIUM,
  ),
  async fn() {
    await using book = await openBook();
    await book.view("sockets.html", { width: 1280 }, async ({ page }) => {
      const here = ".contents a[aria-current]";
      await page.evaluate(
        "document.querySelectorAll('main h2')[1].scrollIntoView()",
      );
      await page.waitForFunction(
        `document.querySelector("${here}")?.textContent === document.querySelectorAll('main h2')[1].textContent`,
      );
      const ground = () =>
        page.evaluate("getComputedStyle(document.body).backgroundColor");
      const day = await ground();
      await page.click("#theme-button"); // light
      assertEquals(await ground(), day);
      await page.click("#theme-button"); // dark
      assert(await ground() !== day);
    });
  },
});

Deno.test({
  ...needs("on paper there are no buttons, and nothing is folded", ...CHROMIUM),
  async fn() {
    await using book = await openBook();
    await book.view("tried.html", { width: 800 }, async ({ page }) => {
      await page.emulateMediaType("print");
      await page.evaluate("dispatchEvent(new Event('beforeprint'))");
      const seen = await page.evaluate(
        `[".bar", ".contents", ".stepper", ".answer pre"]
        .map((what) => document.querySelector(what).checkVisibility())`,
      );
      assertEquals(seen, [false, false, false, true]);
    });
  },
});
