import { html, type TemplateResult } from "lit-html";

/** A card that is put on a reader. */
export function readerAndCard(): TemplateResult {
  return html`
    <svg class="drawing reader" viewBox="0 0 480 260" aria-hidden="true">
      <path class="shade" d="M40 232h400" />
      <rect class="reader-body" x="70" y="150" width="340" height="74" rx="18" />
      <rect class="reader-slot" x="104" y="166" width="272" height="10" rx="5" />
      <circle class="reader-light" cx="376" cy="202" r="7" />
      <g class="moving-card">
        <rect class="card-body" x="130" y="20" width="220" height="138" rx="12" />
        <rect class="card-photo" x="148" y="66" width="54" height="70" rx="4" />
        <path class="card-line" d="M148 42h130M220 74h104M220 94h84M220 114h96" />
      </g>
    </svg>
  `;
}

/** A card that is taken off the reader. */
export function readerAndLeavingCard(): TemplateResult {
  return html`
    <svg class="drawing reader leaving" viewBox="0 0 480 260" aria-hidden="true">
      <path class="shade" d="M40 232h400" />
      <rect class="reader-body" x="70" y="150" width="340" height="74" rx="18" />
      <rect class="reader-slot" x="104" y="166" width="272" height="10" rx="5" />
      <circle class="reader-light" cx="376" cy="202" r="7" />
      <rect class="card-body" x="130" y="4" width="220" height="130" rx="12" />
      <path class="arrow" d="M240 118V36M206 68l34-34 34 34" />
    </svg>
  `;
}

/** Where on a card's front the three parts of the verification number B are. */
export function cardFront(label: string): TemplateResult {
  return html`
    <svg class="drawing card-front" viewBox="0 0 428 270" role="img" aria-label=${label}>
      <rect class="card-body" x="2" y="2" width="424" height="266" rx="18" />
      <path class="card-line" d="M28 30h190M28 54h270" />
      <rect class="card-photo" x="28" y="74" width="112" height="134" rx="8" />
      <circle class="card-face-line" cx="84" cy="122" r="23" />
      <path class="card-face-line" d="M44 200c4-34 20-47 40-47s36 13 40 47" />
      <g class="spot">
        <rect x="164" y="92" width="246" height="42" rx="8" />
        <circle cx="188" cy="113" r="14" /><text x="188" y="119">1</text>
        <text class="sample" x="212" y="120">昭和○年○月○日生</text>
      </g>
      <g class="spot">
        <rect x="164" y="152" width="246" height="42" rx="8" />
        <circle cx="188" cy="173" r="14" /><text x="188" y="179">2</text>
        <text class="sample" x="212" y="180">20○○年○月○日まで有効</text>
      </g>
      <g class="spot">
        <rect x="16" y="218" width="136" height="42" rx="8" />
        <circle cx="40" cy="239" r="14" /><text x="40" y="245">3</text>
        <text class="sample" x="64" y="246">○○○○</text>
      </g>
    </svg>
  `;
}

/** Where in a browser's window the permission is given. */
export function addressBar(words: { label: string; name: string; allow: string }): TemplateResult {
  return html`
    <svg class="drawing address-bar" viewBox="0 0 520 190" role="img" aria-label=${words.label}>
      <rect class="card-body" x="2" y="2" width="516" height="186" rx="14" />
      <rect class="reader-slot" x="24" y="22" width="472" height="44" rx="22" />
      <g class="spot">
        <circle cx="50" cy="44" r="16" />
      </g>
      <path class="tune" d="M42 39h7M55 39h4M42 49h3M51 49h8" />
      <circle class="tune" cx="52" cy="39" r="3" /><circle class="tune" cx="48" cy="49" r="3" />
      <text class="sample" x="78" y="51">${location.host}</text>
      <path class="arrow" d="M50 66v22" />
      <rect class="card-photo" x="34" y="92" width="400" height="72" rx="10" />
      <text class="sample" x="58" y="134">${words.name}</text>
      <rect class="switch" x="356" y="114" width="54" height="28" rx="14" />
      <circle class="switch-knob" cx="395" cy="128" r="11" />
      <text class="sample allow" x="344" y="134">${words.allow}</text>
    </svg>
  `;
}

/** It went well. */
export function tick(): TemplateResult {
  return html`
    <svg class="drawing sign" viewBox="0 0 64 64" aria-hidden="true">
      <circle class="sign-good" cx="32" cy="32" r="30" />
      <path class="sign-line" d="M18 33l10 10 18-21" />
    </svg>
  `;
}

/** It did not. */
export function exclamation(): TemplateResult {
  return html`
    <svg class="drawing sign" viewBox="0 0 64 64" aria-hidden="true">
      <path class="sign-bad" d="M32 3l31 56H1z" />
      <path class="sign-line" d="M32 24v16M32 49v1" />
    </svg>
  `;
}
