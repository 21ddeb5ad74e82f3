import type { Reader } from "kazashi";
import type { NewVisit, RecordedVisit } from "../api.ts";
import type { Answer, Sending } from "./outbox.ts";
import { served } from "./served.ts";
import { withResolvers } from "./stage.ts";
import { sending as sendingView } from "./views/busy.ts";
import { kept, result } from "./views/result.ts";
import type { Visitor } from "./visitor.ts";

/** Has a visit recorded and shows the result, until the visitor is done. */
export async function finish(visitor: Visitor, visit: NewVisit): Promise<void> {
  const { insertion } = visitor.card.reader;
  visitor.stage.show(sendingView);
  const sending = visitor.outbox.send({ ...visit, ...(insertion && { stay: insertion }) });
  const recorded = await sent(visitor, sending);
  if (insertion) served.add([insertion]);
  if (recorded) await showResult(visitor, visit, recorded);
}

/**
 * The server's answer. One that does not answer is asked again and again; meanwhile the next visitor
 * can be received, and there is nothing more to show to this one.
 */
export async function sent<T extends Answer>(
  { outbox, session, stage, signal }: Visitor,
  sending: Sending<T>,
): Promise<T | undefined> {
  const answer = await Promise.race([sending.answer, sending.silence]);
  if (answer) return answer;
  const next = withResolvers<void>();
  // The click that it would resolve with is no answer.
  stage.show(kept(session.lateHours, () => next.resolve()));
  const late = await Promise.race([sending.answer, next.promise, aborted(signal)]);
  if (!late) void outbox.leave(sending);
  return late || undefined;
}

/** Until somebody says that it is the next visitor's turn, or the next card is there. */
async function showResult(
  { card, kazashi, session, stage }: Visitor,
  visit: NewVisit,
  recorded: RecordedVisit,
): Promise<void> {
  const done = withResolvers<void>();
  const over = new AbortController();
  const listening = { signal: over.signal };
  kazashi.addEventListener("card-inserted", () => done.resolve(), listening);
  // It may have come while the bridge was away.
  const isAnother = ({ cardPresent, insertion }: Reader) =>
    cardPresent && insertion !== card.reader.insertion;
  const look = () => kazashi.readers.some(isAnother) && done.resolve();
  kazashi.addEventListener("connected", look, listening);
  const consent = visit.road === "pin" ? visit.consent : { items: [], remember: false };
  const told = {
    recorded,
    isRemembered: consent.remember,
    isReadTogether: consent.items.length > 0 && consent.items.length < 4,
    institution: session.institution,
  };
  stage.show(result(told, done.resolve));
  await done.promise;
  over.abort();
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
