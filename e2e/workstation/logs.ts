import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { DIALOGS } from "./dialog.ts";

/** Every log of a run, by name; among them what the dialogs were told. */
export function logs(folder: string): [name: string, content: string][] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".log"));
  return names.map((name) => {
    const content = readFileSync(join(folder, name), "utf8");
    return [name, name === DIALOGS ? decodeURIComponent(content) : content];
  });
}

/** Names of 16 bytes and digests of 32, in hexadecimal: in what is random, any four digits come up some day. */
const RANDOM = /(?<![0-9a-f])(?:[0-9a-f]{32}|[0-9a-f]{64})(?![0-9a-f])/g;

/** Expects a text in no log, in any form. */
export function expectInNoLog(folder: string, secret: string): void {
  // Digits may be part of a longer number, such as the time.
  const spelled = new RegExp(`(?<![0-9.:])${secret}(?![0-9])`, "i");
  for (const [name, content] of logs(folder)) {
    expect(content.replace(RANDOM, "…"), name).not.toMatch(spelled);
  }
  expectBytesInNoLog(folder, Buffer.from(secret));
}

/** Expects bytes in no log, in any form. */
export function expectBytesInNoLog(folder: string, bytes: Buffer): void {
  const hex = bytes.toString("hex");
  const forms = [hex, hex.replace(/..(?=.)/g, "$& "), [...bytes].join(", ")];
  // In base64 it looks in one of three ways, by what is before it. The ends are of what is beside it,
  // too, so that something short leaves nothing to look for.
  for (const before of bytes.length < 12 ? [] : [0, 1, 2]) {
    forms.push(
      Buffer.concat([Buffer.alloc(before), bytes])
        .toString("base64")
        .slice(4, -4)
        .toLowerCase(),
    );
  }
  for (const [name, content] of logs(folder)) {
    for (const form of forms) expect(content.toLowerCase(), name).not.toContain(form);
  }
}
