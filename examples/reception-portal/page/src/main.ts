import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/shell.css";
import { Api } from "./api.ts";
import { Shell } from "./shell.ts";

// Text is readable before they are here.
void import("./styles/fonts.ts");
await new Shell(document.body, new Api()).open();
