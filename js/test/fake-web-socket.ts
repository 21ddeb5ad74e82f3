/** The other end of the socket that a page opens. */
export class FakeWebSocket {
  static readonly opened: FakeWebSocket[] = [];
  /** The socket that was opened last. */
  static get last(): FakeWebSocket {
    const last = FakeWebSocket.opened.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  }

  readonly url: string;
  readonly protocols: readonly string[];
  protocol = "";
  isClosed = false;
  readonly sent: { id: number; type: string; [field: string]: unknown }[] = [];
  onopen?: (event: object) => void;
  onmessage?: (event: object) => void;
  onerror?: (event: object) => void;
  onclose?: (event: object) => void;
  /** What the bridge does with each request. */
  answer: ((request: { id: number; type: string }) => object | undefined) | undefined;

  constructor(url: string, protocols: readonly string[]) {
    this.url = url;
    this.protocols = protocols;
    FakeWebSocket.opened.push(this);
  }

  send(text: string): void {
    const request = JSON.parse(text);
    this.sent.push(request);
    const answer = this.answer?.(request);
    if (answer) this.receive({ id: request.id, ...answer });
  }

  close(): void {
    this.isClosed = true;
  }

  accept(protocol = "kazashi.v1"): void {
    this.protocol = protocol;
    this.onopen?.({});
  }

  receive(message: unknown): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  /** The connection breaks, or never comes to be. */
  fail(): void {
    this.onerror?.({});
    this.onclose?.({});
  }
}
