import type { BasicAttributes } from "kazashi";
import type { ConsentedAttributes, Item, NewVisit } from "../api.ts";
import { finish } from "./finish.ts";
import { troubleOf } from "./trouble.ts";
import { type Answer, askBirthDate, type Consent, consent } from "./views/consent.ts";
import { enterPin, notGenuine, pinTrouble } from "./views/pin.ts";
import { SteppedBack, stopwatch, type Visitor } from "./visitor.ts";

/** What somebody can put right by trying again. */
const TRY_AGAIN = ["pin-incorrect", "pin-malformed", "pin-cancelled", "pin-timeout"];

/** What is wrong with a birth date that was typed. */
const BIRTH_DATE = ["birth-date-incorrect", "birth-date-malformed"];

/** Receives a visitor by the PIN, after they chose what to share. */
export async function withPin(visitor: Visitor): Promise<void> {
  const { signal, stage } = visitor;
  const chosen = goOn(await stage.ask<Answer<Consent>>(signal, consent));
  const attributes = chosen.items.length > 0 ? await readAttributes(visitor) : undefined;
  const items = attributes ? chosen.items : [];
  const shared = {
    consent: { items, remember: chosen.remember },
    ...(attributes && { attributes: only(items, attributes) }),
  };
  const signed = chosen.remember
    ? await enrol(visitor, items.includes("birthDate") ? attributes?.birthDate : undefined)
    : await authenticate(visitor);
  await finish(visitor, { id: crypto.randomUUID(), road: "pin", ...signed, ...shared });
}

type Signed = Pick<
  Extract<NewVisit, { road: "pin" }>,
  "nonces" | "token" | "proof" | "word" | "signedAfter"
>;

async function authenticate(visitor: Visitor): Promise<Signed> {
  return await withDialog(visitor, async () => {
    const nonces = await visitor.api.nonces(["pin"], { signal: visitor.signal });
    const sinceNonce = stopwatch();
    const token = await visitor.card.authenticate({ nonce: nonces.pin });
    return { nonces, token, signedAfter: sinceNonce() };
  });
}

/** Signs in so that the server will know the card again: for that it has to be shown the birth date. */
async function enrol(visitor: Visitor, known: string | undefined): Promise<Signed> {
  const { api, card, signal, stage } = visitor;
  let birthDate = known ?? goOn(await stage.ask<Answer<string>>(signal, askBirthDate()));
  for (;;) {
    try {
      return await withDialog(visitor, async () => {
        const nonces = await api.nonces(["pin", "presence"], { signal });
        const sinceNonces = stopwatch();
        const enrolled = await card.enrol({ nonces, birthDate });
        return { nonces, ...enrolled, signedAfter: sinceNonces() };
      });
    } catch (error) {
      const trouble = troubleOf(error);
      if (signal.aborted || !BIRTH_DATE.includes(trouble.code)) throw error;
      birthDate = goOn(await stage.ask<Answer<string>>(signal, askBirthDate(trouble)));
    }
  }
}

/** The visitor's attributes; `undefined` if it is to go on without them. */
async function readAttributes(visitor: Visitor): Promise<BasicAttributes | undefined> {
  const { card, signal, stage } = visitor;
  for (;;) {
    stage.show(enterPin("card-information"));
    try {
      const attributes = await card.readAttributes();
      if (attributes.integrity === "genuine") return attributes;
      const trouble = troubleOf({ code: attributes.integrity });
      goOn(await stage.ask<Answer<"without">>(signal, (answer) => notGenuine(trouble, answer)));
      return undefined;
    } catch (error) {
      const trouble = troubleOf(error);
      const canTryAgain = TRY_AGAIN.includes(trouble.code);
      if (signal.aborted || !(canTryAgain || trouble.code === "pin-blocked")) throw error;
      const next = goOn(
        await stage.ask<Answer<"again" | "without">>(signal, (answer) =>
          pinTrouble("card-information", trouble, { canTryAgain, canDoWithout: true }, answer),
        ),
      );
      if (next === "without") return undefined;
    }
  }
}

/** Does something for which the bridge asks for the PIN, again for as long as the visitor wants to try. */
async function withDialog<T>(visitor: Visitor, work: () => Promise<T>): Promise<T> {
  const { signal, stage } = visitor;
  for (;;) {
    stage.show(enterPin("user-authentication"));
    try {
      return await work();
    } catch (error) {
      const trouble = troubleOf(error);
      if (signal.aborted || !TRY_AGAIN.includes(trouble.code)) throw error;
      goOn(
        await stage.ask<Answer<"again" | "without">>(signal, (answer) =>
          pinTrouble(
            "user-authentication",
            trouble,
            { canTryAgain: true, canDoWithout: false },
            answer,
          ),
        ),
      );
    }
  }
}

function goOn<T>(answer: Answer<T>): T {
  if (answer === "back") throw new SteppedBack();
  return answer;
}

/** Of all attributes, those that the visitor agreed to share. */
function only(items: readonly Item[], attributes: BasicAttributes): ConsentedAttributes {
  const shared = Object.fromEntries(items.map((item) => [item, attributes[item]]));
  return { ...shared, integrity: attributes.integrity };
}
