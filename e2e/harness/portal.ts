import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { inProject } from "./paths.ts";

const execute = promisify(execFile);

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

async function tryToConnect() {
  const page = new AbortController();
  try {
    await connect({ signal: page.signal });
    return { code: "ok", ja: "", en: "" };
  } catch (error) {
    return { code: error.code, ja: message(error, "ja"), en: message(error, "en") };
  } finally {
    page.abort();
  }
}
document.querySelector("button").onclick = async () => {
  const outcome = { connect: await tryToConnect(), diagnose: await diagnose() };
  document.querySelector("output").textContent = JSON.stringify(outcome);
};`;

/** A site somewhere in the world, with a page that uses the package. */
export class Portal {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Starts it, with a certificate of its own. */
  static async start(folder: string): Promise<Portal> {
    const { key, cert } = await makeCertificate(folder);
    const server = createServer({ key: await readFile(key), cert: await readFile(cert) });
    server.on("request", async ({ url = "" }, response) => {
      const { pathname, searchParams } = new URL(url, "https://portal.example");
      const csp = searchParams.get("csp");
      if (csp) response.setHeader("Content-Security-Policy", csp);
      const { type, content } = await contentOf(pathname);
      response.setHeader("Content-Type", type).end(content);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Portal(server);
  }

  get origin(): string {
    return `https://portal.example:${this.port}`;
  }

  /** What makes Chromium take it for a site on the internet. */
  get chromiumArguments(): string[] {
    return publicSite(this.port);
  }

  /** Opens its page in a window that knows of no earlier one. */
  async open(browser: Browser, path = "/"): Promise<Page> {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(new URL(path, this.origin).href);
    return page;
  }

  stop(): void {
    this.#server.close();
  }
}

/** What makes Chromium take `https://portal.example` at this port for a site on the internet. */
export function publicSite(port: number): string[] {
  return [
    "--host-resolver-rules=MAP portal.example 127.0.0.1",
    `--ip-address-space-overrides=127.0.0.1:${port}=public`,
  ];
}

/** Makes a key and a certificate for `portal.example`, and returns their files. */
export async function makeCertificate(folder: string): Promise<{ key: string; cert: string }> {
  const [key, cert] = [join(folder, "portal.key"), join(folder, "portal.crt")];
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  await execute("openssl", [
    ...[...request, "-nodes", "-subj", "/CN=portal.example", "-days", "2"],
    ...["-addext", "subjectAltName=DNS:portal.example", "-keyout", key, "-out", cert],
  ]);
  return { key, cert };
}

/** Answers the browser's question whether a page may reach this workstation, or does not. */
export async function permit(page: Page, setting: "granted" | "denied" | "prompt"): Promise<void> {
  const { targetInfo } = await (await page.context().newCDPSession(page)).send(
    "Target.getTargetInfo",
  );
  const session = await page.context().browser()?.newBrowserCDPSession();
  await session?.send("Browser.setPermission", {
    permission: { name: "loopback-network" },
    setting,
    origin: new URL(page.url()).origin,
    ...(targetInfo.browserContextId && { browserContextId: targetInfo.browserContextId }),
  });
}

async function contentOf(path: string): Promise<{ type: string; content: string | Buffer }> {
  if (path === "/") return { type: "text/html", content: PAGE };
  if (path === "/page.js") return { type: "text/javascript", content: SCRIPT };
  const file = path.replace("/kazashi/", "target/npm/kazashi/dist/");
  const type = path.endsWith(".wasm") ? "application/wasm" : "text/javascript";
  // What is not there, such as an icon, is empty.
  return { type, content: await readFile(inProject(file)).catch(() => "") };
}
