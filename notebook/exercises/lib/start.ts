/**
 * Why a command could not be started, and what to type instead.
 *
 * @module
 */

import { escapeControls } from "../../../lib/escape.ts";

/** What stands before the text of a program, by the ending of its name. */
const RUN: Record<string, string> = {
  py: "python3 NAME",
  js: "node NAME",
  mjs: "node NAME",
  ts: "deno run --allow-net NAME",
  rb: "ruby NAME",
  pl: "perl NAME",
  sh: "sh NAME",
  java: "java NAME",
  go: "go run NAME",
  c: '--build "gcc -o my NAME" ./my',
  cpp: '--build "g++ -o my NAME" ./my',
  rs: '--build "rustc -o my NAME" ./my',
};

/**
 * Explains why a command could not be started.
 *
 * @param word Its first word.
 * @param error What came of it.
 */
export function explainStart(word: string, error: Error): string {
  const name = escapeControls(word);
  const cure = RUN[/\.([a-z]+)$/.exec(name)?.[1] ?? ""];
  if (cure) {
    return `${name} is the text of a program, which does not run by itself. ` +
      `Type: ${cure.replace("NAME", name)}`;
  }
  if (error instanceof Deno.errors.NotFound) {
    return /[/\\]/.test(name)
      ? `There is no program ${name}. Does it have to be built first? ` +
        'Then say how: --build "…".'
      : `There is no program called ${name} here: is it installed, and ` +
        "spelled like that? A program in this folder begins with ./";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${name} may not be run. If it is a program, allow it: ` +
      `chmod +x ${name}`;
  }
  return `${name} could not be started: ${escapeControls(error.message)}`;
}
