// The official OpenAI library of npm: chat completions, responses, embeddings, models.

import { BASE_URL, KEY, PERSON, PIXEL, TEXT, WEATHER, failing, judge, library, pieces } from "./judging.mjs";

const { default: OpenAI } = await library("openai");
const client = new OpenAI({ baseURL: BASE_URL, apiKey: KEY, maxRetries: 0 });
const hello = [{ role: "user", content: TEXT }];
const tools = [{ type: "function", function: { name: "get_weather", parameters: WEATHER } }];

const ask = (model, members = {}) => client.chat.completions.create({ model, messages: hello, ...members });
const stream = (model, members = {}, limit) => pieces(() => ask(model, { stream: true, ...members }), limit);
const respond = (model, members = {}) => client.responses.create({ model, input: TEXT, ...members });
const respondInPieces = (model, members = {}, limit) =>
  pieces(() => respond(model, { stream: true, ...members }), limit);

async function unary() {
  const { data, response } = await ask("openai/gpt-5-mini").withResponse();
  return { id: response.headers.get("x-generation-id"), completion: data };
}

async function withHelper(model, members = {}) {
  const runner = client.chat.completions.stream({ model, messages: hello, ...members });
  return await runner.finalChatCompletion();
}

async function roundTrip() {
  const first = await ask("sandbox/tools", { tools });
  const message = first.choices[0].message;
  const results = message.tool_calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: "sunny" }));
  return [first, await ask("sandbox/tools", { tools, messages: [...hello, message, ...results] })];
}

async function reasoning() {
  const more = { reasoning: { effort: "high" } };
  const first = await ask("sandbox/reasoning", more);
  const messages = [...hello, first.choices[0].message, { role: "user", content: "And?" }];
  return [first, await ask("sandbox/reasoning", { ...more, messages })];
}

async function respondWithTools() {
  const asked = { tools: [{ type: "function", name: "get_weather", parameters: WEATHER }] };
  const first = await respond("sandbox/tools", { ...asked, input: hello });
  const calls = first.output.filter((item) => item.type === "function_call");
  const results = calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: "sunny" }));
  return [first, await respond("sandbox/tools", { ...asked, input: [...hello, ...calls, ...results] })];
}

const layout = { type: "json_schema", json_schema: { name: "person", strict: true, schema: PERSON } };
const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}` } };
const seeing = [{ role: "user", content: [{ type: "text", text: TEXT }, picture] }];

await judge({
  unary,
  streaming: () => stream("sandbox/echo"),
  "streaming with the helper": () => withHelper("openai/gpt-5-mini"),
  "streaming reasoning": () => stream("sandbox/reasoning"),
  tools: roundTrip,
  "tools streaming": () => stream("sandbox/tools", { tools }),
  structured: () => client.chat.completions.parse({ model: "sandbox/structured", messages: hello, response_format: layout }),
  "reasoning round trip": reasoning,
  "image input": () => ask("openai/gpt-5-mini", { messages: seeing }),
  "image output": () => ask("sandbox/image", { modalities: ["image", "text"] }),
  ...failing(ask),
  "error while streaming is asked": () => stream("sandbox/error-data-policy"),
  "error in a choice": () => ask("sandbox/choice-error"),
  "error in the middle": () => stream("sandbox/mid-error"),
  "error in the middle, bare": () => stream("sandbox/mid-error-bare"),
  "cut in the middle": () => stream("sandbox/cut"),
  cancel: () => stream("sandbox/stall", {}, 3),
  models: async () => (await client.models.list()).data.map((model) => model.id),
  embeddings: () =>
    client.embeddings.create({ model: "openai/text-embedding-3-small", input: ["one", "two"], dimensions: 8 }),
  "responses unary": () => respond("openai/gpt-5-mini"),
  "responses streaming": () => respondInPieces("sandbox/reasoning", { reasoning: { effort: "high" } }),
  "responses tools": respondWithTools,
  "responses error": () => respond("sandbox/error-data-policy"),
  "responses error in the middle": () => respondInPieces("sandbox/mid-error"),
  "responses cancel": () => respondInPieces("sandbox/stall", {}, 6),
});
