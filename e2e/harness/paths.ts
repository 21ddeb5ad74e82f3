import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

/** A file or folder of this project. */
export const inProject = (path: string): string => resolve(root, path);

const profile = process.env.KAZASHI_E2E_PROFILE ?? "debug";

/** A program of this project, as `cargo build` leaves it. */
export const built = (name: string): string => resolve(target, profile, name);

/** The folder in which a stack keeps its card, its configuration and its logs. */
export const workFolder = (name: string): string => resolve(root, "target/e2e", name);
