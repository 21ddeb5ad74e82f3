import { ACCOUNT } from "./portal-server.ts";
import type { Answer } from "./session.ts";

/** Something that happened, as a board is told. */
export interface BoardEvent {
  kind: string;
  // biome-ignore lint/suspicious/noExplicitAny: each kind has other data
  data: any;
}

/** Whoever asks a portal's server without its page: a session of its own. */
export class PortalSession {
  readonly origin: string;
  #cookie = "";
  #csrf = "";

  private constructor(origin: string) {
    this.origin = origin;
  }

  /** Begins a session that nobody has signed in with. */
  static async open(origin: string): Promise<PortalSession> {
    const session = new PortalSession(origin);
    session.#csrf = (await session.get("/api/session")).body.csrf;
    return session;
  }

  /** Begins a session, and signs the administrator in. */
  static async signedIn(origin: string): Promise<PortalSession> {
    const session = await PortalSession.open(origin);
    const answer = await session.signIn();
    if (answer.status !== 200) throw new Error(`signing in: ${answer.status}`);
    return session;
  }

  async signIn(account: { name: string; password: string } = ACCOUNT): Promise<Answer> {
    const answer = await this.post("/api/session", account);
    if (answer.status === 200) this.#csrf = answer.body.csrf;
    return answer;
  }

  async get(path: string): Promise<Answer> {
    return await this.#send("GET", path);
  }

  /** What is asked for is JSON; text is a list of tickets. */
  async post(path: string, body: object | string): Promise<Answer> {
    const [type, text] =
      typeof body === "string" ? ["text/csv", body] : ["application/json", JSON.stringify(body)];
    return await this.#send("POST", path, { type, text });
  }

  /** An event of today, with this list of tickets. Returns its `id`. */
  async newEvent(name: string, tickets: string): Promise<string> {
    const day = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Tokyo" }).format();
    const { event } = (await this.post("/api/gate/events", { name, day })).body;
    const { body } = await this.post(`/api/gate/events/${event.id}/tickets`, tickets);
    if (body.refused.length > 0) throw new Error(`tickets refused: ${JSON.stringify(body)}`);
    return event.id;
  }

  /** The identifiers of those who came today, in the order of their numbers. */
  async subjects(): Promise<string[]> {
    const [, ...lines] = (await this.get("/api/board/export")).body.trim().split(/\r?\n/);
    return lines.map((line: string) => line.split(",").at(-1));
  }

  /**
   * Watches the board at one of the portal's servers, until the signal aborts. What happens comes into
   * the list that this returns.
   */
  async watch(port: number, signal: AbortSignal): Promise<BoardEvent[]> {
    const url = `http://127.0.0.1:${port}/api/board/stream`;
    const response = await fetch(url, { headers: { cookie: this.#cookie }, signal });
    if (!response.ok) throw new Error(`the stream: ${response.status}`);
    const events: BoardEvent[] = [];
    void gather(response, events).catch((error) => {
      if (!signal.aborted) throw error;
    });
    return events;
  }

  async #send(method: string, path: string, body?: { type: string; text: string }) {
    const headers = {
      origin: this.origin,
      cookie: this.#cookie,
      "x-csrf-token": this.#csrf,
      ...(body && { "content-type": body.type }),
    };
    const init = { method, headers, ...(body && { body: body.text }) };
    const response = await fetch(new URL(path, this.origin), init);
    const [cookie] = response.headers.getSetCookie();
    if (cookie) [this.#cookie = ""] = cookie.split(";");
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return {
      status: response.status,
      body: isJson ? await response.json() : await response.text(),
    };
  }
}

async function gather(response: Response, events: BoardEvent[]): Promise<void> {
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const messages = (text + chunk).split("\n\n");
    text = messages.pop() ?? "";
    for (const message of messages) {
      const [, kind] = /^event: ?(.*)$/m.exec(message) ?? [];
      const [, data] = /^data: ?(.*)$/m.exec(message) ?? [];
      if (kind && data) events.push({ kind, data: JSON.parse(data) });
    }
  }
}
