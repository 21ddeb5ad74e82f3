import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/shell.css";
import { Api } from "./api.ts";
import { watchPeople } from "./presence.ts";
import { Shell } from "./shell.ts";

// Text is readable before they are here.
void import("./styles/fonts.ts");
watchPeople();
await new Shell(document.body, new Api()).open();
