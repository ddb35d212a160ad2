/**
 * Stand-in for `@std/fmt/bytes`.
 *
 * @module
 */

/** Writes a number of bytes for people: 1337 is `1.34 kB`. */
export function format(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 8);
  const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`;
}
