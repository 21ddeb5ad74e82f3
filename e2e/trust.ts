import { createPublicKey } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inProject } from "./paths.ts";

// What servers and bridges are told so that they believe the virtual cards, and the cards them.

/** The certificates of an institution that the virtual cards trust. */
export const CERTIFICATES = ["terminal-intermediate.cv", "terminal.cv"].map(
  (name) => `--terminal-certificate=${inProject(`vectors/cv-certificates/${name}`)}`,
);

/** Makes a server that of this institution. */
export const INSTITUTION = [
  ...CERTIFICATES,
  `--terminal-key=${inProject("vectors/keys/terminal.pem")}`,
];

/** What a server needs to know to verify what virtual cards show it. */
export function virtualCards(folder: string): string[] {
  const root = writePublicKey(folder, "card-surface-authority");
  return [
    "--accept-test-hierarchy",
    `--authorities=${inProject("vectors/certificates/user-authentication-ca.der")}`,
    cardSurfaceRoot(root),
  ];
}

/** The identifier of the root of the virtual cards' surfaces. */
export const CARD_SURFACE_ROOT = "39303030303233080530303100000000";

/** Has a server believe the card surfaces of the authority whose public key is in this file. */
export function cardSurfaceRoot(file: string): string {
  return `--card-surface-root=${CARD_SURFACE_ROOT}=${file}`;
}

/** What a bridge needs in its configuration to verify the attributes on virtual cards. */
export function cardRoot(folder: string): string[] {
  return [
    "[[card-root]]",
    `identifier = "${Buffer.from("9000033\x08\x05001\0\0\0\0").toString("hex")}"`,
    `key = ${JSON.stringify(writePublicKey(folder, "card-info-authority"))}`,
  ];
}

/** Writes the public half of a key of `vectors/keys` into a folder, and returns its file. */
export function writePublicKey(folder: string, name: string): string {
  const file = join(folder, `${name}.pem`);
  const key = createPublicKey(readFileSync(inProject(`vectors/keys/${name}.pem`)));
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, key.export({ type: "spki", format: "pem" }));
  return file;
}
