import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";

/** Somebody in the place of another. */
export interface Impostor {
  stop(): Promise<void>;
}

/** A bridge that agrees to speak the protocol (RFC 6455, 4.2.2), and then says something else. */
export async function talkNonsense(): Promise<Impostor> {
  const sockets = new Set<Socket>();
  const server = createServer().on("upgrade", ({ headers }, socket: Socket) => {
    sockets.add(socket);
    const key = `${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: kazashi.v1\r\n\r\n`,
    );
    const text = "I speak version 2.";
    socket.write(Buffer.from([0x81, text.length, ...Buffer.from(text)]));
  });
  await once(server.listen(27390, "127.0.0.1"), "listening");
  return {
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A card in vpcd's reader that answers to reset, and to commands with half a status word. */
export async function stammer(): Promise<Impostor> {
  const answers = (message: Buffer): number[] | undefined => {
    if (message.length > 1) return [0x90];
    const isAskedForAtr = message[0] === 0x04;
    return isAskedForAtr ? [0x3b, 0x80, 0x80, 0x01, 0x01] : undefined;
  };
  const socket = connect(35963, "127.0.0.1");
  let received: Buffer = Buffer.alloc(0);
  socket.on("data", (data) => {
    received = Buffer.concat([received, data]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE()) {
      const end = 2 + received.readUInt16BE();
      const answer = answers(received.subarray(2, end));
      received = received.subarray(end);
      if (answer) socket.write(Buffer.from([0, answer.length, ...answer]));
    }
  });
  await once(socket, "connect");
  return {
    async stop() {
      socket.destroy();
      if (!socket.closed) await once(socket, "close");
    },
  };
}
