import type { Retries } from "kazashi";
import type { Arrival } from "../api.ts";
import type { Text } from "../language.ts";
import type { SignedInSession } from "../screen.ts";
import { desk } from "../words/desk.ts";
import { LEAVING_ANOTHER_WAY, withoutPin } from "../words/trouble.ts";
import { byEye, type NoPin } from "./by-eye.ts";
import { finish } from "./finish.ts";
import { type Trouble, troubleOf } from "./trouble.ts";
import { recognising } from "./views/busy.ts";
import { anotherWay, chooseRoad, noRoad, type Road } from "./views/roads.ts";
import { SteppedBack, stopwatch, type Visitor } from "./visitor.ts";
import { withPin } from "./with-pin.ts";

/** Receives a visitor: by the card alone if it is remembered, otherwise in the way that they choose. */
export async function receive(visitor: Visitor): Promise<void> {
  visitor.stage.show(recognising);
  const newcomer = await recognise(visitor);
  while (newcomer) {
    try {
      return await receiveNewcomer(visitor, newcomer);
    } catch (error) {
      if (error instanceof SteppedBack) continue;
      const isAnother = await askForAnotherWay(visitor, error);
      if (!isAnother) return;
    }
  }
}

/** Says why this way came to nothing; throws it again if no other would do better. */
async function askForAnotherWay({ signal, stage }: Visitor, error: unknown): Promise<boolean> {
  if (signal.aborted || !leavesAnotherWay(error)) throw error;
  const trouble = troubleOf(error);
  return await stage.ask<boolean>(signal, (answer) => anotherWay(trouble, answer));
}

function leavesAnotherWay(error: unknown): boolean {
  return LEAVING_ANOTHER_WAY.includes((error as { code: string }).code);
}

/** Somebody whose card alone does not do. */
export interface Newcomer {
  readonly arrival: Arrival;
  /** Why not, if their card is remembered. */
  readonly trouble?: Trouble;
}

/**
 * Receives those whose card is remembered; of others it finds out what the server knows. The
 * certificate is read once for both.
 */
async function recognise(visitor: Visitor): Promise<Newcomer | undefined> {
  const { api, card, signal } = visitor;
  const { presence: nonce } = await api.nonces(["presence"], { signal });
  const sinceNonce = stopwatch();
  let arrival: Arrival | undefined;
  const isNew = new Error("not remembered");
  try {
    const proof = await card.provePresence({
      nonce,
      async birthDate(certificate) {
        visitor.seen(certificate);
        arrival = await api.arrival(certificate, { signal });
        if (arrival.birthDate === undefined) throw isNew;
        return arrival.birthDate;
      },
    });
    const signedAfter = sinceNonce();
    const visit = { id: crypto.randomUUID(), road: "presence", nonce, proof, signedAfter } as const;
    await finish(visitor, visit);
    return undefined;
  } catch (error) {
    if (!arrival || signal.aborted) throw error;
    if (error === isNew) return { arrival };
    const trouble = troubleOf(error);
    // No other way receives whoever has this card.
    if (trouble.code === "certificate-revoked") throw error;
    return { arrival, trouble };
  }
}

async function receiveNewcomer(visitor: Visitor, newcomer: Newcomer): Promise<void> {
  const { card, session, signal, stage } = visitor;
  const { userAuthentication } = await card.pinStatus();
  const notByEye = whyNotByEye(session);
  const noPin = whyNoPin(userAuthentication);
  if (noPin) return await onlyByEye(visitor, noPin, notByEye);
  const road = await stage.ask<Road>(signal, (choose) => chooseRoad(newcomer, notByEye, choose));
  if (road === "stop") return;
  return await (road === "pin" ? withPin(visitor) : byEye(visitor));
}

/** Receives a visitor whose PIN does not serve in the one way that is left, if it is. */
async function onlyByEye(
  visitor: Visitor,
  noPin: NoPin,
  notByEye: Text | undefined,
): Promise<void> {
  const { session, signal, stage } = visitor;
  const what = session.facing === "visitors" ? desk.receivedByStaff : desk.noRoad;
  let because = notByEye ?? desk.byEyeAbsent;
  try {
    if (!notByEye) return await byEye(visitor, noPin);
  } catch (error) {
    if (signal.aborted || !leavesAnotherWay(error)) throw error;
    const { code, what } = troubleOf(error);
    because = withoutPin[code] ?? what;
  }
  await stage.tell(signal, (done) => noRoad(noPin, what, because, done));
}

/** Why nobody is received by eye here, if so. */
export function whyNotByEye({ facing, terminalCertificates }: SignedInSession): Text | undefined {
  if (facing === "visitors") return desk.byEyeAtStaff;
  return terminalCertificates.length > 0 ? undefined : desk.byEyeAbsent;
}

/** Why the PIN does not serve, if it does not. */
export function whyNoPin({ blocked, set }: Retries): NoPin | undefined {
  if (!set) return "unset";
  return blocked ? "blocked" : undefined;
}
