/**
 * The claims of the article as a table: what stands in ledger.json, and the cells
 * of sockets.ipynb that show it.
 *
 * @module
 */

/** A claim of the article. */
export interface Claim {
  /** Its number. */
  id: string;
  /** What the article says. */
  says: string;
  /** Whether that holds. */
  verdict: Verdict;
  /** What is true. */
  truth: string;
  /** Sources that say so. */
  cite?: string[];
}

/** What became of a claim. */
export type Verdict = "holds" | "care" | "wrong";

/** Each verdict's sign. */
export const SIGNS: Record<Verdict, string> = {
  holds: "✓",
  care: "~",
  wrong: "✗",
};

/** A row of the table. */
export interface LedgerRow extends Record<string, string> {
  /** The claim's number. */
  claim: string;
  /** The cells that show it, and the sources. */
  proof: string;
}

/** Reads all claims, each with the cells that show it and its sources. */
export async function readLedger(): Promise<LedgerRow[]> {
  const claims: Claim[] = await readJson("../ledger.json");
  const { cells } = await readJson("../sockets.ipynb");
  const shown = cells.filter((cell: Cell) => cell.cell_type === "code");
  const cellsFor = (claim: string) =>
    shown.flatMap(({ id, metadata }: Cell, i: number) => {
      const shows = metadata.tags?.includes(claim);
      return shows ? [`[cell ${i + 1}](#cell-id=${id})`] : [];
    });
  return claims.map(({ id, says, verdict, truth, cite = [] }) => ({
    claim: id,
    "the article says": says,
    verdict: `${SIGNS[verdict]}\xa0${verdict}`,
    truth,
    proof: [...cellsFor(id), ...cite].join(", "),
  }));
}

interface Cell {
  id: string;
  cell_type: string;
  metadata: { tags?: string[] };
}

async function readJson(path: string) {
  return JSON.parse(await Deno.readTextFile(new URL(path, import.meta.url)));
}
