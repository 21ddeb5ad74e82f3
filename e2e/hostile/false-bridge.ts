import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { BRIDGE_PORT, listen } from "../ports.ts";
import type { Stoppable } from "../set-up.ts";

/** A bridge that agrees to speak the protocol, and then says something else. */
export function talkNonsense(): Promise<Stoppable> {
  return takeThePort((socket) => socket.write(textFrame("I speak version 2.")));
}

/** A program in the bridge's place that says what a bridge would, and keeps what it hears. */
export class FalseBridge {
  /** The messages of the pages, as they sent them. */
  readonly heard: string[] = [];
  /** What it gives out as the card's signature, whatever is to be signed. */
  signature: Buffer = Buffer.alloc(256, 0x5a);
  /** The certificate of a card that it has seen before. */
  readonly #certificate: Buffer;
  #impostor: Stoppable | undefined;

  private constructor(certificate: Buffer) {
    this.#certificate = certificate;
  }

  static async start(certificate: Buffer): Promise<FalseBridge> {
    const bridge = new FalseBridge(certificate);
    bridge.#impostor = await takeThePort((socket) => {
      let received: Buffer = Buffer.alloc(0);
      socket.on("data", (data) => {
        received = Buffer.concat([received, data]);
        for (let frame = readFrame(received); frame; frame = readFrame(received)) {
          received = received.subarray(frame.length);
          if (frame.text) socket.write(textFrame(bridge.#answer(frame.text)));
        }
      });
    });
    return bridge;
  }

  async stop(): Promise<void> {
    await this.#impostor?.stop();
  }

  #answer(text: string): string {
    this.heard.push(text);
    const { id, ...request } = JSON.parse(text);
    const reader = { id: "r", cardPresent: true };
    const scopes = ["events", "authenticate", "page-pin"];
    const answers: Record<string, object> = {
      hello: { type: "hello", version: "kazashi-bridge 0.1.0", scopes, nativePinEntry: true },
      "list-readers": { type: "readers", readers: [reader] },
      watch: { type: "readers", readers: [reader] },
      acquire: { type: "acquired", lease: "l" },
      transmit: { type: "response", response: this.#cardSays(request.command ?? "") },
      "verify-pin": { type: "verified" },
      "sign-challenge": {
        type: "signed",
        signature: this.signature.toString("hex"),
        // What stands in the file behind it is no part of it.
        certificate: this.#certificate
          .subarray(0, 4 + this.#certificate.readUInt16BE(2))
          .toString("hex"),
      },
      release: { type: "released" },
    };
    return JSON.stringify({ id, ...answers[request.type] });
  }

  /** READ BINARY of the user authentication certificate has it; everything else succeeds. */
  #cardSays(command: string): string {
    const file = command.startsWith("00B08A") ? this.#certificate.toString("hex") : "";
    return `${file}9000`;
  }
}

/** Listens where the bridge would, and greets whoever asks for its protocol (RFC 6455, 4.2.2). */
async function takeThePort(greet: (socket: Socket) => void): Promise<Stoppable> {
  const sockets = new Set<Socket>();
  const server = createServer().on("upgrade", ({ headers }, socket: Socket) => {
    sockets.add(socket);
    const key = `${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: kazashi.v1\r\n\r\n`,
    );
    // A page that goes away in the middle is nothing to worry about.
    socket.on("error", () => socket.destroy());
    greet(socket);
  });
  await listen(server, BRIDGE_PORT);
  return {
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A text as one frame (RFC 6455, 5.2). */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const length = payload.length;
  const header = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), payload]);
}

/** The first of a page's frames, if all of it is there: how long it is, and its text if it has one. */
function readFrame(bytes: Buffer): { length: number; text: string | undefined } | undefined {
  const short = (bytes[1] ?? 0) & 0x7f;
  const start = short < 126 ? 2 : 4;
  if (bytes.length < start + 4) return undefined;
  const end = start + 4 + (short < 126 ? short : bytes.readUInt16BE(2));
  if (bytes.length < end) return undefined;
  const mask = bytes.subarray(start, start + 4);
  const payload = bytes.subarray(start + 4, end).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  const isText = ((bytes[0] ?? 0) & 0x0f) === 1;
  return { length: end, text: isText ? Buffer.from(payload).toString() : undefined };
}
