import type { Deleted, Deletion } from "../api.ts";
import { untilAnswered } from "../api.ts";
import { deleting, recognising, waitingForServer } from "./views/busy.ts";
import { askDeletion, deleted, nothingToDelete } from "./views/deletion.ts";
import { enterPin } from "./views/pin.ts";
import type { Visitor } from "./visitor.ts";

/** Deletes what the server keeps of the holder, who shows with the card that it is theirs. */
export async function deleteOwnData(visitor: Visitor): Promise<void> {
  const { api, card, signal, stage } = visitor;
  stage.show(recognising);
  const { der } = await card.readCertificate("user-authentication");
  const { birthDate, known } = await api.arrival(der, { signal });
  if (!known && birthDate === undefined) return await stage.tell(signal, nothingToDelete);
  const isSure = await stage.ask<boolean>(signal, (answer) =>
    askDeletion({ needsPin: birthDate === undefined }, answer),
  );
  if (!isSure) return;
  const proven = birthDate === undefined ? await byPin(visitor) : await byCard(visitor, birthDate);
  stage.show(deleting);
  const deletion = { id: crypto.randomUUID(), ...proven };
  const outcome = await untilAnswered<Deleted>(
    () => api.deleteOwnData(deletion, { signal }),
    signal,
    () => stage.show(waitingForServer),
  );
  await stage.tell(signal, (done) => deleted(outcome, done));
}

type Proven =
  | Omit<Extract<Deletion, { road: "pin" }>, "id">
  | Omit<Extract<Deletion, { road: "presence" }>, "id">;

async function byCard({ api, card, signal, stage }: Visitor, birthDate: string): Promise<Proven> {
  stage.show(deleting);
  const { presence: nonce } = await api.nonces(["presence"], { signal });
  return { road: "presence", nonce, proof: await card.provePresence({ nonce, birthDate }) };
}

async function byPin({ api, card, signal, stage }: Visitor): Promise<Proven> {
  const { pin: nonce } = await api.nonces(["pin"], { signal });
  stage.show(enterPin("user-authentication"));
  return { road: "pin", nonce, token: await card.authenticate({ nonce }) };
}
