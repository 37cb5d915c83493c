// The AI SDK of Vercel with OpenRouter's official provider.

import { BASE_URL, KEY, PIXEL, TEXT, describe, failing, judge, library } from "./judging.mjs";

const { createOpenRouter } = await library("@openrouter/ai-sdk-provider");
const { Output, embedMany, generateText, isStepCount, stepCountIs, streamText, tool } = await library("ai");
const { z } = await library("zod");
const provider = createOpenRouter({ baseURL: BASE_URL, apiKey: KEY });
const twoSteps = (isStepCount ?? stepCountIs)(2);
const weather = tool({
  description: "of a city",
  inputSchema: z.object({ city: z.string(), days: z.number() }),
  execute: async ({ city, days }) => `sunny in ${city} for ${days} days`,
});

/** What a result says, without the clock's and the library's own names. */
const tell = async (result) => ({
  text: await result.text,
  reasoning: await result.reasoning,
  toolCalls: await result.toolCalls,
  files: (await result.files)?.map((file) => file.base64),
  finishReason: await result.finishReason,
  usage: await result.usage,
  providerMetadata: await result.providerMetadata,
});

const generate = (model, members = {}) =>
  generateText({ model: provider.chat(model), prompt: TEXT, maxRetries: 0, ...members });

// What the library promises besides the stream is rejected, too, when it is aborted, and nobody waits for that.
process.on("unhandledRejection", (error) => {
  if (error?.name !== "AbortError") throw error;
});

async function stream(model, members = {}, limit = Infinity) {
  const told = [];
  const leaving = new AbortController();
  const result = streamText({
    model: provider.chat(model),
    prompt: TEXT,
    maxRetries: 0,
    abortSignal: leaving.signal,
    onError: () => {},
    ...members,
  });
  try {
    for await (const part of result.fullStream ?? result.stream) {
      told.push(part.type === "error" ? { type: "error", error: describe(part.error) } : { type: part.type, text: part.text });
      if (told.filter((each) => each.type === "text-delta").length >= limit) leaving.abort();
    }
  } catch (error) {
    told.push(describe(error));
  }
  return told;
}

async function tools() {
  const result = await generate("sandbox/tools", { tools: { get_weather: weather }, stopWhen: twoSteps });
  return { steps: await Promise.all(result.steps.map(tell)), text: result.text };
}

async function reasoning() {
  const first = await generate("sandbox/reasoning");
  const history = first.responseMessages ?? first.response.messages;
  const messages = [{ role: "user", content: TEXT }, ...history, { role: "user", content: "And?" }];
  return [await tell(first), await tell(await generate("sandbox/reasoning", { prompt: undefined, messages }))];
}

const picture = { type: "file", data: Buffer.from(PIXEL, "base64"), mediaType: "image/png" };
const person = Output.object({ schema: z.object({ name: z.string(), age: z.number() }) });

await judge({
  unary: async () => tell(await generate("openai/gpt-5-mini")),
  streaming: () => stream("sandbox/echo"),
  "streaming reasoning": () => stream("sandbox/reasoning"),
  tools,
  "tools streaming": () => stream("sandbox/tools", { tools: { get_weather: weather }, stopWhen: twoSteps }),
  structured: async () => (await generate("sandbox/structured", { output: person })).output,
  "reasoning round trip": reasoning,
  "image input": async () =>
    tell(
      await generate("openai/gpt-5-mini", {
        prompt: undefined,
        messages: [{ role: "user", content: [{ type: "text", text: TEXT }, picture] }],
      }),
    ),
  "image output": async () => tell(await generate("sandbox/image")),
  ...failing(async (model) => tell(await generate(model))),
  "error in the middle": () => stream("sandbox/mid-error"),
  "cut in the middle": () => stream("sandbox/cut"),
  cancel: () => stream("sandbox/stall", {}, 3),
  embeddings: async () => {
    const model = provider.textEmbeddingModel("openai/text-embedding-3-small", {});
    return (await embedMany({ model, values: ["one", "two"], maxRetries: 0 })).embeddings.map((each) => each.slice(0, 8));
  },
});
