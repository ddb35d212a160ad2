/**
 * What a sender offers: a file's size, its SHA-256 and its name, in one line.
 *
 * @module
 */

import { escapeControls } from "../../lib/escape.ts";
import { encode } from "../../lib/io.ts";

/** A file that somebody offers. */
export interface Offer {
  /** Bytes it has. */
  size: number;
  /** Its SHA-256, in hexadecimal digits. */
  digest: string;
  /** Its name, which stays within the folder. */
  name: string;
}

/** Why a file isn't taken: the sender may know. */
export class Refusal extends Deno.errors.InvalidData {}

/** Bytes that a line with an offer may have. */
export const MAX_OFFER = 512;
/**
 * Reads an offer.
 *
 * @param line `FILE size sha256 name`.
 * @param maxBytes Bytes that a file may have; 0: any number.
 * @returns The offer; its name stays in a folder, whatever system that is on.
 * @throws {Refusal} If it is no offer, or none that is wanted.
 */
export function parseOffer(line: string, maxBytes: number): Offer {
  const parts = /^FILE (\d{1,15}) ([\da-f]{64}) (.+)$/.exec(line);
  if (!parts) throw new Refusal("that is no offer: FILE size sha256 name");
  const [, size, digest, name] = parts;
  const plain = PLAIN_NAME.test(name) && !RESERVED.test(name);
  if (!plain || encode(name).length > MAX_NAME) {
    const shown = escapeControls(name).slice(0, MAX_NAME);
    throw new Refusal(`the name ${shown} is not plain: ${RULE}`);
  }
  if (maxBytes > 0 && Number(size) > maxBytes) {
    throw new Refusal(`a file has at most ${maxBytes} bytes`);
  }
  return { size: Number(size), digest, name };
}

/** Bytes that a name may have. */
const MAX_NAME = 200;
const RULE =
  `it has 1 to ${MAX_NAME} bytes, something to be seen, no dash at ` +
  'the beginning, no dot at either end, and none of / \\ : * ? " < > |';

/**
 * A name that stays in its folder, wherever it is stored: no slash or backslash,
 * nothing that some system takes for a drive or a stream, nothing that changes
 * how it is shown, no dot at the beginning (hidden, or the folder above) or end,
 * no dash that would make it a flag of a command, and not only what is invisible.
 */
const PLAIN_NAME =
  /^(?![.\-])(?=.*[^\p{Z}\p{Cf}\p{DI}\u2800])[^\/\\:*?"<>\|\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+(?<![. ])$/u;

/** Names that Windows takes for devices, with any ending; ¹ is a digit to it. */
const RESERVED =
  /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\.|$)/i;
