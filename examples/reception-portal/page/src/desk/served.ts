const KEY = "kazashi-desk:served";

/** More than there are readers at one workstation. */
const KEPT = 8;

/**
 * The stays in which a card was received, by `Reader.insertion`, which means nothing else. All tabs of this
 * browser know them, also after a reload.
 */
export const served = {
  has(stay: string | undefined): boolean {
    return stay !== undefined && stays().includes(stay);
  },

  add(stay: string | undefined): void {
    if (stay === undefined || this.has(stay)) return;
    localStorage.setItem(KEY, JSON.stringify([stay, ...stays()].slice(0, KEPT)));
  },
};

function stays(): string[] {
  return JSON.parse(localStorage.getItem(KEY) ?? "[]");
}
