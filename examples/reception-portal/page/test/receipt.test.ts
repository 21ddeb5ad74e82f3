import { expect, test } from "vitest";
import { receiptWords } from "../src/words/receipt.ts";

const SOURCES = import.meta.glob<string>("../../src/{routes/desk,store/visit}.rs", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** The names that the server's source writes into receipts. */
function names(): string[] {
  const lines = Object.values(SOURCES).join("\n").split("\n");
  const ofReceipts = lines.filter((line) => /\bread(: &|\(&)\[|\bkept(\.push| = vec)/.test(line));
  return ofReceipts.flatMap((line) => line.match(/(?<=")[a-z]+(-[a-z]+)*(?=")/g) ?? []);
}

test("whatever the server says was read or is kept has words", () => {
  const said = names();
  expect(said).toContain("user-certificate");
  expect(said).toContain("pairwise-identifier");
  for (const name of said) expect(Object.keys(receiptWords)).toContain(name);
});
