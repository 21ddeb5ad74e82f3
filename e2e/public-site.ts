import { readFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { inPackage } from "./package.ts";
import { ownFolder } from "./paths.ts";
import { listen } from "./ports.ts";
import { run } from "./program.ts";
import type { Startable } from "./set-up.ts";

/** What the page says after the button was pressed: of connecting, and of diagnosing. */
export interface Outcome {
  connect: Words;
  diagnose: Words;
}

/** A code, and what a person reads. */
export interface Words {
  code: string;
  ja: string;
  en: string;
}

const PAGE = `<!doctype html><title>Portal</title>
<button>Use the card</button><output></output>
<script type="module" src="/page.js"></script>`;

const SCRIPT = `
import { connect, diagnose } from "/kazashi/index.js";
import { message } from "/kazashi/messages.js";

// It does not wait for a person longer than this.
const patience = { timeout: 10_000 };

async function tryToConnect() {
  const page = new AbortController();
  try {
    await connect({ ...patience, signal: page.signal });
    return { code: "ok", ja: "", en: "" };
  } catch (error) {
    return { code: error.code, ja: message(error, "ja"), en: message(error, "en") };
  } finally {
    page.abort();
  }
}
document.querySelector("button").onclick = async () => {
  const outcome = { connect: await tryToConnect(), diagnose: await diagnose(patience) };
  document.querySelector("output").textContent = JSON.stringify(outcome);
};`;

/** What a server may forbid its own page by. */
type Policy = "Content-Security-Policy" | "Permissions-Policy";

/** A site somewhere in the world, with a page that uses the package. */
export class PublicSite implements Startable {
  #port = 0;
  #server: Server | undefined;

  /** Starts it, with a certificate of its own. */
  async start(): Promise<void> {
    const { key, cert } = await certify(ownFolder());
    const credentials = { key: await readFile(key), cert: await readFile(cert) };
    this.#server = createServer(credentials, serve);
    this.#port = await listen(this.#server);
  }

  get origin(): string {
    return `https://portal.example:${this.#port}`;
  }

  /** What makes Chromium take it for a site on the internet. */
  get chromiumArguments(): string[] {
    return onTheInternet(this.#port);
  }

  /** What makes Firefox take it for one, too. */
  get firefoxPreferences(): Record<string, string> {
    return {
      "network.dns.localDomains": "portal.example,elsewhere.example",
      "network.lna.address_space.public.override": `127.0.0.1:${this.#port}`,
    };
  }

  /** The address of its page, which comes with a Content-Security-Policy if there is one, or another. */
  page(policy = "", header: Policy = "Content-Security-Policy"): string {
    return `${this.origin}/?${header}=${encodeURIComponent(policy)}`;
  }

  async stop(): Promise<void> {
    this.#server?.close();
  }
}

const serve: RequestListener = async ({ url = "" }, response) => {
  const { pathname, searchParams } = new URL(url, "https://portal.example");
  for (const header of ["Content-Security-Policy", "Permissions-Policy"]) {
    const policy = searchParams.get(header);
    if (policy) response.setHeader(header, policy);
  }
  const { type, content } = await contentOf(pathname);
  response.setHeader("Content-Type", type).end(content);
};

async function contentOf(path: string): Promise<{ type: string; content: string | Buffer }> {
  if (path === "/") return { type: "text/html", content: PAGE };
  if (path === "/page.js") return { type: "text/javascript", content: SCRIPT };
  const type = path.endsWith(".wasm") ? "application/wasm" : "text/javascript";
  // What is not there, such as an icon, is empty.
  const content = await readFile(inPackage(path.replace("/kazashi/", ""))).catch(() => "");
  return { type, content };
}

/** Makes a key and a certificate for `portal.example` in a folder, and returns their files. */
export async function certify(folder: string): Promise<{ key: string; cert: string }> {
  const [key, cert] = [join(folder, "site.key"), join(folder, "site.crt")];
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  await run([
    ...["openssl", ...request, "-nodes", "-subj", "/CN=portal.example", "-days", "2"],
    ...["-addext", "subjectAltName=DNS:portal.example", "-keyout", key, "-out", cert],
  ]);
  return { key, cert };
}

/** What has Chromium find the names in `.example` here, and take what is at these ports for the internet. */
export function onTheInternet(...ports: number[]): string[] {
  const spaces = ports.map((port) => `127.0.0.1:${port}=public`).join(",");
  return [
    "--host-resolver-rules=MAP *.example 127.0.0.1",
    `--ip-address-space-overrides=${spaces}`,
  ];
}
