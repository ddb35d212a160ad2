/**
 * What is in a PNG, as far as a test wants to know it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

/** A picture: its size, and how many colours there are in it. */
export interface Picture {
  /** Its width in pixels. */
  width: number;
  /** Its height in pixels. */
  height: number;
  /** How many colours it has; a blank one has a single one. */
  colours: number;
}

/**
 * Decodes a picture of eight bits a channel, with or without transparency.
 *
 * @param png The file.
 * @throws {AssertionError} If it is no such file, or not all of it.
 */
export async function decode(png: Uint8Array): Promise<Picture> {
  const chunks = [...chunksOf(png)];
  const header = new DataView(chunks[0].data.buffer, chunks[0].data.byteOffset);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  const [depth, kind] = [header.getUint8(8), header.getUint8(9)];
  const channels = { 2: 3, 6: 4 }[kind];
  assert(depth === 8 && channels, `${depth} bits of kind ${kind}`);
  const parts = chunks.filter(({ type }) => type === "IDAT");
  const rows = await inflate(parts.map(({ data }) => data));
  assertEquals(rows.length, height * (1 + width * channels));
  const colours = new Set(pixelsOf(rows, width, channels));
  return { width, height, colours: colours.size };
}

/** The parts of the file: a length, four letters, the data, and a checksum. */
function* chunksOf(png: Uint8Array) {
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  assertEquals(view.getUint32(0), 0x89504e47, "it is no PNG");
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    yield { type, data: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

async function inflate(parts: Uint8Array[]): Promise<Uint8Array> {
  const stream = ReadableStream.from(parts as Uint8Array<ArrayBuffer>[])
    .pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Each pixel as a number: rows hold what differs from the pixels before them. */
function* pixelsOf(rows: Uint8Array, width: number, channels: number) {
  const stride = width * channels;
  let above = new Uint8Array(stride);
  for (let at = 0; at < rows.length; at += stride + 1) {
    const row = rows.slice(at + 1, at + 1 + stride);
    for (let i = 0; i < stride; i++) {
      const left = i < channels ? 0 : row[i - channels];
      const corner = i < channels ? 0 : above[i - channels];
      row[i] += predict(rows[at], left, above[i], corner);
    }
    for (let i = 0; i < stride; i += channels) {
      yield row.subarray(i, i + channels).reduce((all, x) => all * 256 + x, 0);
    }
    above = row;
  }
}

/** What a row's filter takes a byte to be, by its neighbours. */
function predict(filter: number, a: number, b: number, c: number): number {
  if (filter < 2) return filter * a;
  if (filter === 2) return b;
  if (filter === 3) return (a + b) >> 1;
  const near = [a, b, c].map((x) => Math.abs(a + b - c - x)); // Paeth's
  return [a, b, c][near.indexOf(Math.min(...near))];
}
