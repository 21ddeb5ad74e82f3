/** How long after a key or a press what the page asks is still that person's doing, in milliseconds. */
const LASTS = 5_000;

let last = performance.now();

/** Notices from here on when somebody does something. To open the page was the first. */
export function watchPeople(): void {
  for (const act of ["pointerdown", "keydown", "wheel"]) {
    window.addEventListener(act, noticeSomebody, { capture: true, passive: true });
  }
}

/** Somebody does something. */
export function noticeSomebody(): void {
  last = performance.now();
}

/** Whether the page asks because of a person, or by itself. */
export function isSomebodyThere(): boolean {
  return performance.now() - last < LASTS;
}
