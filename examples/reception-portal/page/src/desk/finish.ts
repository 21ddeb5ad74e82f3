import type { NewVisit, RecordedVisit } from "../api.ts";
import { withResolvers } from "./stage.ts";
import { sending as sendingView } from "./views/busy.ts";
import { kept, result } from "./views/result.ts";
import type { Visitor } from "./visitor.ts";

/** How long the result is shown while nobody touches it, and after the card was taken, in milliseconds. */
const SHOWN = { untouched: 30_000, afterCard: 6_000 };

/**
 * Has a visit recorded and shows the result, until the visitor is done. A server that does not answer
 * is asked again and again; meanwhile the next visitor can be received.
 */
export async function finish(visitor: Visitor, visit: NewVisit): Promise<void> {
  const { outbox, stage, signal } = visitor;
  const at = new Date();
  const sending = outbox.send(visit);
  stage.show(sendingView);
  let recorded = await Promise.race([sending.answer, sending.silence]);
  if (!recorded) {
    const next = withResolvers<void>();
    // The click that it would resolve with is no answer.
    stage.show(kept(() => next.resolve()));
    recorded = await Promise.race([sending.answer, next.promise, aborted(signal)]);
  }
  if (recorded) return await showResult(visitor, visit, recorded);
  void outbox.leave(sending, at);
}

/**
 * Until somebody says that it is the next visitor's turn, the next card arrives, or nobody has touched
 * the screen for a while: a short one, once the card is taken.
 */
async function showResult(
  { kazashi, session, signal, stage }: Visitor,
  visit: NewVisit,
  recorded: RecordedVisit,
): Promise<void> {
  const done = withResolvers<void>();
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stay = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(done.resolve, milliseconds);
  };
  const listening = { signal: over.signal };
  stay(signal.aborted ? SHOWN.afterCard : SHOWN.untouched);
  signal.addEventListener("abort", () => stay(SHOWN.afterCard), listening);
  for (const type of ["pointerdown", "keydown"]) {
    document.addEventListener(type, () => stay(SHOWN.untouched), listening);
  }
  kazashi.addEventListener("card-inserted", () => done.resolve(), listening);
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
  clearTimeout(timer);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
