import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { listen } from "../../ports.ts";
import type { Startable } from "../../set-up.ts";

/** Brings each request to the next of several servers, and knows no browser again. */
export class Balancer implements Startable {
  origin = "";
  /** The ports of the servers. */
  readonly servers: number[] = [];
  /** How many requests each server has answered, by its port. */
  readonly answered = new Map<number, number>();
  readonly #server = createServer((incoming, response) => void this.#serve(incoming, response));
  #next = 0;

  async start(): Promise<void> {
    this.origin = `http://127.0.0.1:${await listen(this.#server)}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** A server that takes no connection is passed over. */
  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    // Each has a turn of its own: by one that all shared, requests at the same time would keep each
    // other from the server that is there.
    const turn = this.#next++;
    for (const offset of this.servers.keys()) {
      const port = this.servers[(turn + offset) % this.servers.length] ?? 0;
      const answer = await ask(port, incoming, Buffer.concat(chunks));
      if (answer === "not there") continue;
      // What was sent to a server that then failed may have been done: whether to ask again is the
      // page's to say.
      if (answer === "failed") break;
      this.answered.set(port, 1 + (this.answered.get(port) ?? 0));
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      response.once("close", () => answer.destroy());
      answer.once("error", () => response.destroy());
      answer.pipe(response);
      return;
    }
    response.destroy();
  }
}

async function ask(
  port: number,
  incoming: IncomingMessage,
  body: Buffer,
): Promise<IncomingMessage | "not there" | "failed"> {
  const { method, url, headers, socket } = incoming;
  const forwarded = { ...headers, "x-forwarded-for": socket.remoteAddress };
  // A connection of its own: one that was kept could be of a server that is gone.
  const outgoing = request({
    host: "127.0.0.1",
    port,
    method,
    path: url,
    headers: forwarded,
    agent: false,
  });
  outgoing.end(body);
  try {
    const [answer] = await once(outgoing, "response");
    return answer;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ECONNREFUSED" ? "not there" : "failed";
  }
}
