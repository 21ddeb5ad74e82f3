import { readFileSync } from "node:fs";

/** A file of `vectors/`, which the Rust tests read too. */
export function read(path: string): string {
  return readFileSync(new URL(`../../vectors/${path}`, import.meta.url), "utf8");
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

export const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
export const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex").toUpperCase();
export const nonce = "A".repeat(44);
