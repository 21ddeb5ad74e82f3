import type { Deleted, Deletion } from "../api.ts";
import { isSilence } from "../portal-error.ts";
import { sleep } from "../until-answered.ts";
import { type NoPin, proveByEye } from "./by-eye.ts";
import { sent } from "./finish.ts";
import { whyNoPin, whyNotByEye } from "./receive.ts";
import { deleting, recognising } from "./views/busy.ts";
import {
  askDeletion,
  type DeletionRoad,
  deleted,
  nothingToDelete,
  onlyByStaff,
} from "./views/deletion.ts";
import { enterPin } from "./views/pin.ts";
import { SteppedBack, stopwatch, type Visitor } from "./visitor.ts";

/** How often it is asked whether what was deleted is gone from the files, too, in milliseconds. */
const ASK_EVERY = 1_000;

/** Deletes what the server keeps of the holder, who shows by more than the card that it is they. */
export async function deleteOwnData(visitor: Visitor): Promise<void> {
  const { api, card, outbox, session, signal, stage } = visitor;
  stage.show(recognising);
  const { der } = await card.readCertificate("user-authentication");
  const { known } = await api.arrival(der, { signal });
  if (!known) return await stage.tell(signal, nothingToDelete);
  const { userAuthentication } = await card.pinStatus();
  const noPin = whyNoPin(userAuthentication);
  const canByEye = whyNotByEye(session) === undefined;
  if (noPin && !canByEye) return await stage.tell(signal, (done) => onlyByStaff(noPin, done));
  const proven = await prove(visitor, noPin, canByEye);
  if (!proven) return;
  stage.show(deleting);
  const deletion = { id: crypto.randomUUID(), ...proven };
  const outcome = await sent(visitor, outbox.delete(deletion));
  if (outcome) await tell(visitor, deletion.id, outcome);
}

type Proven =
  | Omit<Extract<Deletion, { road: "pin" }>, "id">
  | Omit<Extract<Deletion, { road: "visual" }>, "id">;

/** Asks once more, and has the holder show who they are; `undefined` if nothing is to be deleted. */
async function prove(
  visitor: Visitor,
  noPin: NoPin | undefined,
  canByEye: boolean,
): Promise<Proven | undefined> {
  const { signal, stage } = visitor;
  for (;;) {
    const road = await stage.ask<DeletionRoad>(signal, (answer) =>
      askDeletion({ noPin, canByEye }, answer),
    );
    if (road === "stop") return undefined;
    if (road === "pin") return await byPin(visitor);
    try {
      const seen = await proveByEye(visitor, noPin);
      return seen && { road: "visual", ...seen };
    } catch (error) {
      if (!(error instanceof SteppedBack)) throw error;
    }
  }
}

async function byPin({ api, card, signal, stage }: Visitor): Promise<Proven> {
  const { pin: nonce } = await api.nonces(["pin"], { signal });
  stage.show(enterPin("user-authentication"));
  const sinceNonce = stopwatch();
  const token = await card.authenticate({ nonce });
  return { road: "pin", nonce, token, signedAfter: sinceNonce() };
}

/** Shows what was deleted, and when it is gone, for as long as somebody looks. */
async function tell({ api, signal, stage }: Visitor, id: string, outcome: Deleted): Promise<void> {
  const told = { ...outcome };
  const looked = new AbortController();
  const looking = AbortSignal.any([signal, looked.signal]);
  const follow = async () => {
    while (told.erasure.state === "pending") {
      await sleep(ASK_EVERY, looking);
      try {
        Object.assign(told, await api.deletion(id, { signal: looking }));
      } catch (error) {
        if (!isSilence(error)) throw error;
      }
      stage.redraw();
    }
  };
  follow().catch((error) => {
    if (!looking.aborted) reportError(error);
  });
  await stage.tell(signal, (done) => deleted(told, done));
  looked.abort();
}
