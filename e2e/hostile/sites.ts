import { readFile } from "node:fs/promises";
import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { ownFolder } from "../paths.ts";
import { listen } from "../ports.ts";
import { certify, onTheInternet } from "../public-site.ts";
import type { Startable } from "../set-up.ts";

/** Sites of all names that end in `.example`. None has more than an empty page. */
export class Sites implements Startable {
  /** In https, on the internet. */
  secure = 0;
  /** The same, on another port. */
  other = 0;
  /** In plain http, on the internet. */
  plain = 0;
  /** In plain http, on this workstation: nothing in the browser keeps their pages from it. */
  near = 0;
  readonly #servers: Server[] = [];

  async start(): Promise<void> {
    const { key, cert } = await certify(ownFolder());
    const credentials = { key: await readFile(key), cert: await readFile(cert) };
    this.secure = await this.#listen(createHttpsServer(credentials, serve));
    this.other = await this.#listen(createHttpsServer(credentials, serve));
    this.plain = await this.#listen(createHttpServer(serve));
    this.near = await this.#listen(createHttpServer(serve));
  }

  /** What has the browser find them, and place them. */
  get chromiumArguments(): string[] {
    return onTheInternet(this.secure, this.other, this.plain);
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) server.close();
  }

  async #listen(server: Server): Promise<number> {
    this.#servers.push(server);
    return await listen(server);
  }
}

const serve: RequestListener = (_, response) => {
  response.setHeader("Content-Type", "text/html").end("<!doctype html><title>Page</title>");
};

/** Serves the empty page on a port in plain http. */
export async function servePlainly(port: number): Promise<Server> {
  const server = createHttpServer(serve);
  await listen(server, port);
  return server;
}
