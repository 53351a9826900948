// Validates state machines with two tools, because each misses what the other finds:
// asl-validator knows JSONata, the language service knows misspelt fields.

import { readFileSync } from "node:fs";
import aslValidator from "asl-validator";
import languages from "amazon-states-language-service";

const service = languages.getLanguageService({});
let found = 0;

function report(file, tool, text) {
  found += 1;
  console.log(`${file}: ${tool}: ${text.slice(0, 300)}`);
}

for (const file of process.argv.slice(2)) {
  // SAM fills these in when it deploys.
  const text = readFileSync(file, "utf8")
    .replaceAll("${Partition}", "aws")
    .replaceAll("${BusName}", "tieline")
    .replace(/\$\{\w+\}/g, "arn:aws:lambda:us-east-1:123456789012:function:x");
  for (const error of aslValidator(JSON.parse(text)).errors) {
    report(file, "asl-validator", JSON.stringify(error));
  }
  const document = languages.TextDocument.create(`file://${file}`, "asl", 1, text);
  for (const { range, message } of await service.doValidation(document, service.parseJSONDocument(document))) {
    report(file, "language service", `line ${range.start.line + 1}: ${message}`);
  }
}
if (found === 0) console.log(`${process.argv.slice(2).join(", ")}: nothing to find fault with`);
process.exit(found ? 1 : 0);
