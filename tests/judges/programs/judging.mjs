// What the judges in JavaScript share: the questions, and how the outcome of each scenario is told as JSON.

export const [BASE_URL, KEY] = process.argv.slice(2);
export const TEXT = "Why is the sky blue? Grüße 👩‍🚀";
export const WEATHER = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer" } },
  required: ["city", "days"],
  additionalProperties: false,
};
export const PERSON = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" } },
  required: ["name", "age"],
  additionalProperties: false,
};
export const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkM+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const FAILURES = {
  "error 400": "sandbox/error-temperature",
  "error 401": "sandbox/error-auth-user",
  "error 402": "sandbox/error-credits",
  "error 404 data policy": "sandbox/error-data-policy",
  "error 429": "sandbox/error-provider-pool",
};

/** The library that the environment of the judges has under this name. */
export const library = (name) => import(import.meta.resolve(name, process.env.JUDGES));

/** A scenario for each status; `ask` takes the model. */
export const failing = (ask) =>
  Object.fromEntries(Object.entries(FAILURES).map(([name, model]) => [name, () => ask(model)]));

/** All that a stream gives, or what came before an error, or the first `limit` before leaving it. */
export async function pieces(open, limit) {
  const told = [];
  try {
    for await (const piece of await open()) {
      told.push(piece);
      if (told.length === limit) break;
    }
  } catch (error) {
    told.push(describe(error));
  }
  return told;
}

/** An error of any library: its class, and the status and body it kept; its words where it kept none. */
export function describe(error) {
  const told = { raised: error?.constructor?.name ?? typeof error };
  for (const name of ["status", "statusCode", "code", "param", "type", "error", "body", "responseBody"])
    if (error?.[name] !== undefined && error[name] !== null) told[name] = parse(error[name]);
  return told.error || told.body || told.responseBody ? told : { ...told, words: error?.message ?? error };
}

function parse(value) {
  try {
    return typeof value === "string" ? JSON.parse(value) : value;
  } catch {
    return value;
  }
}

/** Run every scenario and print what came of it: what it returned, or what was thrown. */
export async function judge(scenarios) {
  const outcomes = {};
  for (const [name, scenario] of Object.entries(scenarios)) {
    try {
      outcomes[name] = await scenario();
    } catch (error) {
      outcomes[name] = describe(error);
    }
  }
  process.stdout.write(JSON.stringify(outcomes));
}
