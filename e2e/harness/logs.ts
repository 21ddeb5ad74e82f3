import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** Every log of a run, by name, and what the dialogs were told. */
export function logs(folder: string): [name: string, content: string][] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".log"));
  const found = names.map((name): [string, string] => [
    name,
    readFileSync(join(folder, name), "utf8"),
  ]);
  const dialogs = join(folder, "pinentry", "dialogs");
  if (existsSync(dialogs)) {
    found.push(["dialogs", decodeURIComponent(readFileSync(dialogs, "utf8"))]);
  }
  return found;
}

/** Expects a text in no log, in any form. */
export function expectInNoLog(folder: string, secret: string): void {
  for (const [name, content] of logs(folder)) {
    // Digits may be part of a longer number, such as the time.
    expect(content, name).not.toMatch(new RegExp(`(?<![0-9.:])${secret}(?![0-9])`, "i"));
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
