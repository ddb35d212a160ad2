/**
 * A real Chromium for the tests, driven by Puppeteer.
 *
 * @module
 */

// Not in deno.json, from which Deno would fetch it to start any script.
// deno-lint-ignore no-import-prefix
import puppeteer, { type Browser, type Page } from "npm:puppeteer-core@25.16.0";

export type { Page };

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  // Nothing of its own should be asked of a network that may not be there.
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-quic",
  "--disable-sync",
];

/** Milliseconds that any step may take. */
const STEP_TIMEOUT = 120_000;

/** Starts a Chromium with a profile of its own; it ends when it is disposed. */
export async function launch(): Promise<Browser> {
  return await puppeteer.launch({
    executablePath: chromium(),
    args: FLAGS,
    protocolTimeout: STEP_TIMEOUT,
  });
}

/** The path of Debian's Chromium. */
function chromium(): string {
  const { stdout } = new Deno.Command("which", { args: ["chromium"] })
    .outputSync();
  return new TextDecoder().decode(stdout).trim();
}

/** How a page is looked at. */
export interface View {
  /** The width of the window. */
  width: number;
  /** Whether it is night. @default {false} */
  dark?: boolean;
  /** Whether scripts run. @default {true} */
  scripts?: boolean;
}

/** A page that is open, with all that it has asked for and complained about. */
export interface Watched {
  /** The page. */
  page: Page;
  /** The addresses that it has asked for. */
  requests: string[];
  /** What has gone wrong: errors on its console, requests that failed. */
  troubles: string[];
}

/** Opens a blank page, and watches it. */
export async function open(
  browser: Browser,
  { width, dark, scripts = true }: View,
): Promise<Watched> {
  const page = await browser.newPage();
  page.setDefaultTimeout(STEP_TIMEOUT);
  await page.setViewport({ width, height: 900 });
  const value = dark ? "dark" : "light";
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
  await page.setJavaScriptEnabled(scripts);
  const [requests, troubles]: [string[], string[]] = [[], []];
  page.on("request", (request) => requests.push(request.url()))
    .on("requestfailed", (request) => troubles.push(`lost: ${request.url()}`))
    .on("response", (response) => {
      if (response.ok()) return;
      troubles.push(`${response.status()} ${response.url()}`);
    })
    .on("pageerror", (error) => troubles.push(String(error)))
    .on("console", (message) => {
      if (message.type() === "error") troubles.push(message.text());
    });
  return { page, requests, troubles };
}
