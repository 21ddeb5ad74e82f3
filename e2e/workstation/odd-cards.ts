import { once } from "node:events";
import { connect } from "node:net";
import { READER_PORT } from "../ports.ts";
import type { Stoppable } from "../set-up.ts";

// What can lie on a reader and is no card that works. To stop it is to take it off.

const ATR = [0x3b, 0x80, 0x80, 0x01, 0x01];
/** What vpcd says to its card when it does not send it a command. */
const POWER_ON = 0x01;
const TELL_ATR = 0x04;

/** A card in vpcd's reader that answers to reset, and to commands with half a status word. */
export async function stammer(): Promise<Stoppable> {
  return await inReader((message) => {
    if (message.length > 1) return [0x90];
    return message[0] === TELL_ATR ? ATR : undefined;
  });
}

/**
 * A card in vpcd's reader that is there, but to reset has no answer that a card can have: to pcscd it
 * is as one that lies the wrong way up.
 */
export async function mute(): Promise<Stoppable> {
  let isPowered = false;
  return await inReader((message) => {
    isPowered ||= message[0] === POWER_ON;
    if (message[0] !== TELL_ATR) return undefined;
    return isPowered ? Array(40).fill(0x3b) : ATR;
  });
}

/** Puts something into vpcd's reader that answers messages in this way. */
async function inReader(answers: (message: Buffer) => number[] | undefined): Promise<Stoppable> {
  const socket = connect(READER_PORT, "127.0.0.1");
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
  // The reader may end before what lies on it.
  socket.on("error", () => socket.destroy());
  return {
    async stop() {
      socket.destroy();
      if (!socket.closed) await once(socket, "close");
    },
  };
}
