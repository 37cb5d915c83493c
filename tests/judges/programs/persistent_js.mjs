// The OpenAI library of npm as it comes, which sends again what failed.

import { BASE_URL, KEY, TEXT, judge, library } from "./judging.mjs";

const { default: OpenAI } = await library("openai");
const client = new OpenAI({ baseURL: BASE_URL, apiKey: KEY });
const models = ["error-type-server", "error-type-provider-overloaded", "cut", "reset", "error-data-policy-502"];
const chat = (model) => client.chat.completions.create({ model, messages: [{ role: "user", content: TEXT }] });

await judge(Object.fromEntries(models.map((model) => [`chat ${model}`, () => chat(`sandbox/${model}`)])));
