// OpenRouter's official library of npm.

import { BASE_URL, KEY, PERSON, PIXEL, TEXT, WEATHER, failing, judge, library, pieces } from "./judging.mjs";

const { OpenRouter } = await library("@openrouter/sdk");
const client = new OpenRouter({ serverURL: BASE_URL, apiKey: KEY, retryConfig: { strategy: "none" } });
const hello = [{ role: "user", content: TEXT }];
const tools = [{ type: "function", function: { name: "get_weather", parameters: WEATHER } }];

const ask = (model, members = {}) => client.chat.send({ chatRequest: { model, messages: hello, ...members } });
const stream = (model, members = {}, limit) => pieces(() => ask(model, { stream: true, ...members }), limit);
const respond = (model, members = {}) => client.responses.send({ responsesRequest: { model, input: TEXT, ...members } });
const respondInPieces = (model, members = {}, limit) =>
  pieces(() => respond(model, { stream: true, ...members }), limit);

async function roundTrip() {
  const first = await ask("sandbox/tools", { tools });
  const message = first.choices[0].message;
  const results = message.toolCalls.map((call) => ({ role: "tool", toolCallId: call.id, content: "sunny" }));
  return [first, await ask("sandbox/tools", { tools, messages: [...hello, message, ...results] })];
}

async function reasoning() {
  const more = { reasoning: { effort: "high" } };
  const first = await ask("sandbox/reasoning", more);
  const messages = [...hello, first.choices[0].message, { role: "user", content: "And?" }];
  return [first, await ask("sandbox/reasoning", { ...more, messages })];
}

const layout = { type: "json_schema", jsonSchema: { name: "person", strict: true, schema: PERSON } };
const picture = { type: "image_url", imageUrl: { url: `data:image/png;base64,${PIXEL}` } };
const seeing = [{ role: "user", content: [{ type: "text", text: TEXT }, picture] }];

await judge({
  unary: () => ask("openai/gpt-5-mini"),
  streaming: () => stream("sandbox/echo"),
  "streaming reasoning": () => stream("sandbox/reasoning"),
  tools: roundTrip,
  "tools streaming": () => stream("sandbox/tools", { tools }),
  structured: () => ask("sandbox/structured", { responseFormat: layout }),
  "reasoning round trip": reasoning,
  "image input": () => ask("openai/gpt-5-mini", { messages: seeing }),
  "image output": () => ask("sandbox/image", { modalities: ["image", "text"] }),
  ...failing(ask),
  "error in a choice": () => ask("sandbox/choice-error"),
  "error in the middle": () => stream("sandbox/mid-error"),
  "error in the middle, bare": () => stream("sandbox/mid-error-bare"),
  cancel: () => stream("sandbox/stall", {}, 3),
  "responses unary": () => respond("openai/gpt-5-mini"),
  "responses streaming": () => respondInPieces("sandbox/reasoning"),
  "responses error": () => respond("sandbox/error-data-policy"),
  "responses error in the middle": () => respondInPieces("sandbox/mid-error"),
  "responses cancel": () => respondInPieces("sandbox/stall", {}, 6),
  embeddings: () =>
    client.embeddings.generate({
      requestBody: { model: "openai/text-embedding-3-small", input: ["one", "two"], dimensions: 8 },
    }),
});
