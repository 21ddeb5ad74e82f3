/** What the server answers. */
export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each route has another
  body: any;
}

/** A session at the sign-in server, had by a program that claims to be a page of some origin. */
export class Session {
  readonly origin: string;
  #cookie = "";

  constructor(origin: string) {
    this.origin = origin;
  }

  async post(path: string, body: object): Promise<Answer> {
    const headers = {
      "content-type": "application/json",
      origin: this.origin,
      cookie: this.#cookie,
    };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await fetch(new URL(path, this.origin), init);
    const [cookie] = response.headers.getSetCookie();
    if (cookie) [this.#cookie = ""] = cookie.split(";");
    return { status: response.status, body: await response.json() };
  }

  async newNonce(method: "pin" | "terminal" | "presence"): Promise<string> {
    return (await this.post("/nonce", { method })).body.nonce;
  }
}
