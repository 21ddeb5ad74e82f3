import type { CardFaceReading } from "kazashi";
import { type CardFace, openCardFace } from "kazashi/card-face";
import { untilAnswered } from "../api.ts";
import type { SignedInSession } from "../screen.ts";
import { erase, picturesOf } from "./face-pictures.ts";
import { finish } from "./finish.ts";
import { type Trouble, troubleOf } from "./trouble.ts";
import { readingFace, recordingCheck, unlocking, waitingForServer } from "./views/busy.ts";
import { compare, type Decision, notReceived } from "./views/compare.ts";
import { askNumber, type TypedNumber } from "./views/number.ts";
import { SteppedBack, type Visitor } from "./visitor.ts";

/** What is wrong with a number that was typed. */
const TRY_AGAIN = ["verification-number-incorrect", "verification-number-malformed"];

/** Why the PIN does not serve. */
export type NoPin = "unset" | "blocked";

/**
 * Receives a visitor whom the staff compare with the photo on the card (目視確認). The institution
 * proves itself to the card only after they decided that it is the holder, and everything is void
 * once the card is taken away.
 */
export async function byEye(visitor: Visitor, noPin?: NoPin): Promise<void> {
  const { api, card, session, signal, stage } = visitor;
  const { presence: faceNonce } = await api.nonces(["presence"], { signal });
  const reading = await read(visitor, faceNonce, noPin);
  if (!reading) return;
  const face = await open(reading, faceNonce, session);
  const decision = await decide(visitor, face);
  // The server would believe no decision on such a record either.
  if (!face.authenticity.genuine) {
    return await stage.tell(signal, (done) => notReceived("not-genuine", done));
  }
  stage.show(recordingCheck);
  // What the staff decided is not lost with an answer of the server's.
  const onSilence = () => stage.show(waitingForServer);
  const newNonces = () => api.nonces(["terminal"], { signal });
  const { terminal: nonce } = await untilAnswered(newNonces, signal, onSilence);
  const check = { id: crypto.randomUUID(), faceNonce, face: face.proof, terminalNonce: nonce };
  await untilAnswered(() => api.check({ ...check, decision }, { signal }), signal, onSilence);
  if (decision === "no-match") {
    return await stage.tell(signal, (done) => notReceived("no-match", done));
  }

  stage.show(unlocking);
  const token = await card.authenticatePinless({
    nonce,
    terminal: {
      certificates: session.terminalCertificates,
      sign: (request) => api.terminalSignature(nonce, request, { signal }),
    },
  });
  await finish(visitor, {
    id: crypto.randomUUID(),
    road: "visual",
    nonce,
    token,
    check: check.id,
  });
}

/** The images are for one look. The proof that goes to the server holds none. */
async function decide({ signal, stage }: Visitor, face: CardFace): Promise<Decision> {
  const pictures = await picturesOf(face);
  try {
    return await stage.ask<Decision>(signal, (decide) => compare(face, pictures, decide));
  } finally {
    erase(face, pictures);
  }
}

/** Reads the card's face, which the number typed from it opens; `undefined` if nobody wants to any more. */
async function read(
  { card, signal, stage }: Visitor,
  nonce: string,
  noPin: NoPin | undefined,
): Promise<CardFaceReading | undefined> {
  let trouble: Trouble | undefined;
  let written = {};
  for (;;) {
    const answer = await stage.ask<TypedNumber | "back">(signal, (answer) =>
      askNumber({ noPin, trouble, written }, answer),
    );
    // Where there is no other way, there is nothing to go back to.
    if (answer === "back" && noPin) return undefined;
    if (answer === "back") throw new SteppedBack();
    ({ written } = answer);
    const progress = { read: 0, total: 1 };
    stage.show(readingFace(progress));
    try {
      return await card.readCardFace({
        nonce,
        ...answer.number,
        onProgress: (read, total) => {
          Object.assign(progress, { read, total });
          stage.redraw();
        },
      });
    } catch (error) {
      trouble = troubleOf(error);
      if (signal.aborted || !TRY_AGAIN.includes(trouble.code)) throw error;
    }
  }
}

async function open(
  reading: CardFaceReading,
  nonce: string,
  { cardAuthorities, acceptTestHierarchy }: SignedInSession,
): Promise<CardFace> {
  const authorities = cardAuthorities.map(({ identifier, publicKey }) => ({
    identifier,
    publicKey: Uint8Array.from(atob(publicKey), (character) => character.charCodeAt(0)),
  }));
  try {
    return await openCardFace(reading, { nonce, authorities, acceptTestHierarchy });
  } finally {
    reading.record.fill(0);
  }
}
