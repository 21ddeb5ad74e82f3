import { html } from "lit-html";
import { say } from "../language.ts";
import { keepDrawn, type Screen } from "../screen.ts";
import "../styles/settings.css";
import { settingsWords as words } from "../words/settings.ts";
import { accountsSection } from "./accounts.ts";
import { auditSection } from "./audit.ts";
import { eventsSection } from "./events.ts";
import { workstationsSection } from "./workstations.ts";

/** The headings of the parts, by their ids: nobody goes through them all by keys to reach the last. */
const PARTS = ["accounts", "events", "workstations", "audit"] as const;

/** What administrators look after. */
export const screen: Screen = (root, context) => {
  const sections = [accountsSection, eventsSection, workstationsSection, auditSection];
  const parts = sections.map((section) => section(context, () => draw()));
  const draw = keepDrawn(
    root,
    context.signal,
    () => html`
      <div class="page settings">
        <h1 tabindex="-1">${say(words.title)}</h1>
        <nav class="row" aria-label=${say(words.parts)}>
          ${PARTS.map((part) => html`<a class="button quiet" href=${`#${part}`}>${say(words[part])}</a>`)}
        </nav>
        ${parts.map((part) => part.template())}
      </div>
    `,
  );
  for (const part of parts) void part.load?.();
};
