import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inProject, ownFolder } from "../paths.ts";

const PAGE = `<!doctype html><title></title><script type="module" src="./main.js"></script>`;

/** Needs each of the four modules. */
const USE = `
async function use() {
  const kazashi = await connect({ host: virtualHost() });
  const card = await kazashi.card();
  const nonce = "A".repeat(44);
  const printed = { birthDate: "1980-02-17", expiryYear: "2035", securityCode: "2285" };
  await openCardFace(await card.readCardFace({ nonce, ...printed }), { nonce, origin: "https://virtual.example" });
  await (await card.readCertificate("user-authentication")).summary();
  return "ok";
}
use().catch((error) => error.code + ": " + error.cause).then((outcome) => (document.title = outcome));`;

const IMPORTS = `
import { configure, connect } from "kazashi";
import { openCardFace } from "kazashi/card-face";
import { virtualHost } from "kazashi/testing";`;

/** A page of somebody who has installed the package. */
export class Project {
  readonly folder: string;

  constructor(name: string) {
    this.folder = ownFolder(name);
  }

  /** Writes it, with something to say to the package before it is used. */
  async write(configuration = ""): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.folder, { recursive: true });
    await writeFile(this.at("package.json"), `{ "type": "module" }`);
    await writeFile(this.at("index.html"), PAGE);
    await writeFile(this.at("main.js"), IMPORTS + configuration + USE);
    await cp(inProject("target/npm/kazashi"), this.at("node_modules/kazashi"), { recursive: true });
  }

  /** A file of it. */
  at(path: string): string {
    return join(this.folder, path);
  }
}
