import { html, nothing, type TemplateResult } from "lit-html";
import encodeQR from "qr";
import type { Receipt, RecordedVisit } from "../../api.ts";
import { say, sayDay, sayTime, type Text } from "../../language.ts";
import { desk, keptFor, receivedBy, recordedLate } from "../../words/desk.ts";
import { receiptWords } from "../../words/receipt.ts";
import { tick } from "../drawings.ts";
import type { View } from "../stage.ts";

/** What there is to tell at the end. */
export interface Result {
  readonly recorded: RecordedVisit;
  /** Whether the card is remembered since this visit. */
  readonly isRemembered: boolean;
  /** Whether this workstation read more of the visitor than they shared. */
  readonly isReadTogether: boolean;
  readonly institution: Text;
}

/** Shows the number of the day and, for the visitor to take along, what was read and what is kept. */
export function result(told: Result, done: () => void): View {
  const { recorded, isRemembered, isReadTogether, institution } = told;
  const { visit, receipt } = recorded;
  return () => html`
    <section class="result">
      <div class="result-number panel">
        ${tick()}
        <h1 tabindex="-1">${say(desk.received)}</h1>
        ${visit.recordedAt ? html`<p class="late">${say(recordedLate(sayTime(visit.recordedAt)))}</p>` : nothing}
        <p class="number-label">${say(desk.yourNumber)}</p>
        <p class="big-number" data-visit=${visit.id}>${visit.number}</p>
        <p>
          ${visit.returning ? say(desk.welcomeBack) : nothing}
          ${isRemembered ? say(desk.nextTimeNoPin) : nothing}
        </p>
        <p class="lead">${say(desk.waitForCall)}</p>
        <div class="row centre">
          <button class="button" @click=${() => window.print()}>${say(desk.print)}</button>
          <button class="button" @click=${openQr}>${say(desk.qr)}</button>
          <button class="button primary" @click=${done}>${say(desk.nextVisitor)}</button>
        </div>
      </div>
      <div class="receipt panel stack">
        <p class="receipt-head">
          ${say(institution)}<br>
          ${sayDay(visit.day)} ${sayTime(visit.at)}<br>
          ${visit.recordedAt ? html`${say(recordedLate(sayTime(visit.recordedAt)))}<br>` : nothing}
          <strong>${say(desk.yourNumber)} ${visit.number}</strong><br>
          ${say(receivedBy(visit.road))}
        </p>
        <h2>${say(desk.receiptTitle)}</h2>
        <h3>${say(desk.receiptRead)}</h3>
        ${list(receipt.read)}
        <h3>${say(desk.receiptKept)}</h3>
        ${list(receipt.kept)}
        <div class="receipt-notes note">
          <p>${say(desk.receiptNever)}</p>
          ${isReadTogether ? html`<p>${say(desk.receiptThrownAway)}</p>` : nothing}
          ${receipt.revocation.status === "not-checked" ? html`<p>${say(desk.revocationNotChecked)}</p>` : nothing}
        </div>
      </div>
      <dialog class="receipt-qr" aria-labelledby="receipt-qr">
        <h2 id="receipt-qr">${say(desk.qrScan)}</h2>
        <div role="img" aria-label=${say(desk.qrLabel)}>${qr(text(recorded, institution))}</div>
        <p class="note">${say(desk.qrImpersonal)}</p>
        <form method="dialog"><button class="button primary">${say(desk.close)}</button></form>
      </dialog>
    </section>
  `;
}

function openQr({ currentTarget }: Event): void {
  (currentTarget as HTMLElement).closest(".result")?.querySelector("dialog")?.showModal();
}

/** The server does not answer: what was made is kept, and the next visitor need not wait. */
export function kept(hours: number, done: () => void): View {
  return () => html`
    <section class="centred stack kept">
      <div class="busy"></div>
      <h1 tabindex="-1">${say(desk.kept)}</h1>
      <p class="lead">${say(keptFor(hours))}</p>
      <p class="notice" data-kind="warning">${say(desk.keptWarning)}</p>
      <button class="button primary" @click=${done}>${say(desk.nextVisitor)}</button>
    </section>
  `;
}

function list(names: readonly string[]): TemplateResult {
  if (names.length === 0) return html`<p>${say(desk.nothingKept)}</p>`;
  return html`<ul class="receipt-list">${names.map((name) => html`<li>${word(name)}</li>`)}</ul>`;
}

/** A server that is newer than this page may have names that it cannot word. */
function word(name: string): string {
  const words = receiptWords[name];
  return words ? say(words) : name;
}

/** The receipt as plain text, without personal data. */
export function text({ visit, receipt }: RecordedVisit, institution: Text): string {
  return [
    say(institution),
    `${sayDay(visit.day)} ${say(desk.yourNumber)} ${visit.number}`,
    `${say(desk.receiptRead)}:`,
    ...bullets(receipt, "read"),
    `${say(desk.receiptKept)}:`,
    ...bullets(receipt, "kept"),
    say(desk.receiptNever),
  ].join("\n");
}

function bullets(receipt: Receipt, which: "read" | "kept"): string[] {
  const names = receipt[which];
  return names.length > 0 ? names.map((name) => `- ${word(name)}`) : [`- ${say(desk.nothingKept)}`];
}

function qr(content: string): TemplateResult {
  const modules = encodeQR(content, "raw", { ecc: "low", border: 4 });
  const path = modules.flatMap((line, y) =>
    line.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")),
  );
  return html`
    <svg class="qr" viewBox=${`0 0 ${modules.length} ${modules.length}`} aria-hidden="true">
      <path d=${path.join("")} />
    </svg>
  `;
}
