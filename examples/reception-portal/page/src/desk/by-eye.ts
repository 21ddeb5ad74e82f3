import type { CardFaceReading, Token } from "kazashi";
import { type CardFace, openCardFace } from "kazashi/card-face";
import type { Check, Signed } from "../api.ts";
import type { SignedInSession } from "../screen.ts";
import { untilAnswered } from "../until-answered.ts";
import { erase, picturesOf } from "./face-pictures.ts";
import { finish } from "./finish.ts";
import { type Trouble, troubleOf } from "./trouble.ts";
import { readingFace, recordingCheck, unlocking, waitingForServer } from "./views/busy.ts";
import { compare, type Decision, notReceived } from "./views/compare.ts";
import { askNumber, type TypedNumber } from "./views/number.ts";
import { SteppedBack, stopwatch, type Visitor } from "./visitor.ts";

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
  const seen = await proveByEye(visitor, noPin);
  if (seen) await finish(visitor, { id: crypto.randomUUID(), road: "visual", ...seen });
}

/** What the card signed for the institution after the check with this id. */
export interface Seen extends Signed {
  readonly nonce: string;
  readonly token: Token;
  readonly check: string;
}

/** Has the staff compare the visitor with the photo, and the card sign after that; `undefined` if not. */
export async function proveByEye(visitor: Visitor, noPin?: NoPin): Promise<Seen | undefined> {
  const { api, card, session, signal, stage } = visitor;
  const { presence: faceNonce } = await api.nonces(["presence"], { signal });
  const sinceFaceNonce = stopwatch();
  const reading = await read(visitor, faceNonce, noPin);
  if (!reading) return undefined;
  const signedAfter = sinceFaceNonce();
  const face = await open(reading, faceNonce, session);
  const decided = await decide(visitor, face, { faceNonce, signedAfter });
  // The server would believe no decision on such a record either.
  if (!decided) {
    await stage.tell(signal, (done) => notReceived("not-genuine", done));
    return undefined;
  }
  const { check, sinceNonce } = decided;
  if (check.decision === "no-match") {
    await stage.tell(signal, (done) => notReceived("no-match", done));
    return undefined;
  }

  stage.show(unlocking);
  const nonce = check.terminalNonce;
  const token = await card.authenticatePinless({
    nonce,
    terminal: {
      certificates: session.terminalCertificates,
      sign: (word) => api.terminalSignature(check, word, { signal }),
    },
  });
  return { nonce, token, check: check.id, signedAfter: sinceNonce() };
}

/** A decision that is recorded, and how long it has the nonce for the institution's signature. */
interface Decided {
  readonly check: Check;
  readonly sinceNonce: () => number;
}

/**
 * Has the staff decide, and that recorded; `undefined` if there is nothing to decide on. The images are
 * for one look, which is over when the server knows. The proof that goes there holds none.
 */
async function decide(
  visitor: Visitor,
  face: CardFace,
  shown: Pick<Check, "faceNonce" | "signedAfter">,
): Promise<Decided | undefined> {
  const { signal, stage } = visitor;
  const pictures = await picturesOf(face);
  let trouble: Trouble | undefined;
  try {
    for (;;) {
      const decision = await stage.ask<Decision>(signal, (decide) =>
        compare(face, pictures, trouble, decide),
      );
      if (!face.authenticity.genuine) return undefined;
      try {
        return await record(visitor, { ...shown, ...decision, face: face.proof });
      } catch (error) {
        trouble = troubleOf(error);
        if (signal.aborted || trouble.code !== "wrong-code") throw error;
      }
    }
  } finally {
    erase(face, pictures);
  }
}

/** What the staff decided is not lost with an answer of the server's. */
async function record(
  { api, signal, stage }: Visitor,
  decision: Omit<Check, "id" | "terminalNonce">,
): Promise<Decided> {
  stage.show(recordingCheck);
  const onSilence = () => stage.show(waitingForServer);
  const newNonces = () => api.nonces(["terminal"], { signal });
  const { terminal: terminalNonce } = await untilAnswered(newNonces, signal, onSilence);
  const sinceNonce = stopwatch();
  const check = { ...decision, id: crypto.randomUUID(), terminalNonce };
  await untilAnswered(() => api.check(check, { signal }), signal, onSilence);
  return { check, sinceNonce };
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
