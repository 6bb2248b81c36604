// A job from standard input, and to standard output what came of it.
import { readFileSync } from "node:fs";

import { walk } from "./walk.js";

walk(JSON.parse(readFileSync(0, "utf8"))).then(
  (done) => process.stdout.write(JSON.stringify(done)),
  (trouble) => {
    process.stderr.write(JSON.stringify(trouble) + String(trouble?.stack ?? ""));
    process.exitCode = 1;
  },
);
