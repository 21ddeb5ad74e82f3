// Has the schema of CycloneDX judge the lists that are named.

import { readFileSync } from "node:fs";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
for (const path of process.argv.slice(2)) {
  const list = readFileSync(path, "utf8");
  const error = await validator.validate(list);
  if (error !== null) {
    console.error(path, error);
    process.exit(1);
  }
  const { components } = JSON.parse(list);
  console.log(`${path}: ${components.length} components, valid CycloneDX 1.6`);
}
