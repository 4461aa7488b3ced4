// Checks a definition of AWS Step Functions, and runs it:
//
//   node run.mjs DEFINITION [INPUT URL]
//
// Without INPUT it only prints what the validator finds. With it, each Task posts its event to URL,
// which answers {"ok": RESULT} or {"error": NAME, "cause": TEXT}, and the result of the execution is
// printed as JSON. Waits before a retry are skipped.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';

// The interpreter wants Node 22 for this alone.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((a, b) => { resolve = a; reject = b; });
  return {promise, resolve, reject};
};

const [file, input, url] = process.argv.slice(2);
const require = createRequire(join(process.cwd(), 'package.json'));
const definition = JSON.parse(readFileSync(file, 'utf8'));

if (input === undefined) {
  const validate = require('asl-validator');
  const found = (validate.default ?? validate)(definition);
  console.log(JSON.stringify({valid: found.isValid, errors: found.errorsText?.() ?? ''}));
  process.exit(0);
}

const {StateMachine} = require('aws-local-stepfunctions');
const handlers = {}, noWaits = {};
const collect = (states) => {
  for (const [name, state] of Object.entries(states)) {
    if (state.Type === 'Task') {
      handlers[name] = call;
      noWaits[name] = (state.Retry ?? []).map(() => 0);
    }
    if (state.ItemProcessor) collect(state.ItemProcessor.States);
  }
};

async function call(event) {
  const response = await fetch(url, {method: 'POST', body: JSON.stringify(event)});
  const answer = await response.json();
  if (answer.error !== undefined) {
    const e = new Error(answer.cause);
    e.name = answer.error;
    throw e;
  }
  return answer.ok;
}

collect(definition.States);
const machine = new StateMachine(definition, {validationOptions: {checkPaths: false}});
const execution = machine.run(JSON.parse(input), {
  overrides: {taskResourceLocalHandlers: handlers, retryIntervalOverrides: noWaits},
});
try {
  console.log(JSON.stringify({status: 'SUCCEEDED', output: await execution.result}));
} catch (e) {
  console.log(JSON.stringify({status: 'FAILED', error: e.name, cause: e.message}));
}
