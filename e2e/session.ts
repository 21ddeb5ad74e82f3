/** What a server answers. */
export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each route has another
  body: any;
}

/** A session at a server, had by a program that claims to be a page of some origin. */
export class Session {
  readonly origin: string;
  #cookie = "";

  constructor(origin: string) {
    this.origin = origin;
  }

  async get(path: string): Promise<Answer> {
    return await this.#send(path);
  }

  /** What is asked for is JSON, unless it is a text, of this type. */
  async post(path: string, body: object | string, type = "application/json"): Promise<Answer> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return await this.#send(path, { method: "POST", body: text }, { "content-type": type });
  }

  async put(path: string, body: object): Promise<Answer> {
    const headers = { "content-type": "application/json" };
    return await this.#send(path, { method: "PUT", body: JSON.stringify(body) }, headers);
  }

  /** What comes with each request. */
  protected get headers(): Record<string, string> {
    return { origin: this.origin, cookie: this.#cookie };
  }

  async #send(path: string, init: RequestInit = {}, headers: object = {}): Promise<Answer> {
    const response = await fetch(new URL(path, this.origin), {
      ...init,
      headers: { ...this.headers, ...headers },
    });
    const [cookie] = response.headers.getSetCookie();
    if (cookie) [this.#cookie = ""] = cookie.split(";");
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    const body = isJson ? await response.json() : await response.text();
    return { status: response.status, body };
  }
}
