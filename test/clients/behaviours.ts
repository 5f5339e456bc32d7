// The behaviours that every client must have. Each one calls the client, and compares the result with StepFun's
// completion for the request that reached it.

import { expect } from 'vitest';
import type { Adapter, Answer, Client, ToolRun } from './client.ts';
import type { Server, StepfunCompletion } from './stage.ts';

export interface Trial {
  readonly adapter: Adapter;
  /** Bypasses the cache. */
  readonly client: Client;
  /** Uses the cache. */
  readonly cached: Client;
  readonly server: Server;
  /** @returns StepFun's completion for the n-th request that reached it. */
  readonly expected: (n?: number) => Promise<StepfunCompletion>;
}

export interface Behaviour {
  /** The title of its column. */
  readonly title: string;
  /** Its explanation in README; the first one of a title counts. */
  readonly meaning: string;
  /** It does not exist without the gateway. */
  readonly gatewayOnly?: true;
  readonly run: (trial: Trial) => Promise<void>;
}

/** The default of one second is too short while other tests run. */
const POLL = { timeout: 10_000 };

type Ask = (client: Client) => Client['ask'];

const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** The models of today and older ones; the rest is in a behaviour of its own. */
const SPELLINGS = ['with index', 'with id', 'without id', 'with empty strings', 'in one piece'];

export const COMPLETIONS: readonly Behaviour[] = [
  ...common((client) => client.ask),
  {
    title: 'tools',
    meaning:
      'two calls with their arguments, the results returned, the final text; in a stream with every spelling of the pieces',
    run: (trial) => tools(trial, trial.client.askWithTools, ''),
  },
  {
    title: '`stop` after tools',
    meaning: 'StepFun ends tool calls with `stop`: the client gets `tool_calls`',
    run: (trial) => tools(trial, trial.client.askWithTools, 'simulate finish stop'),
  },
  {
    title: 'schema',
    meaning:
      'structured output, checked by the client if it can (`parse`, `Output.object`, `withStructuredOutput`)',
    async run({ client }) {
      // The prompt names the keys for clients that send no schema, only JSON mode.
      const prompt = 'Tell me about Kyoto with the keys city, visitor_count and is_capital.';
      expect(await client.extract(prompt)).toEqual({
        city: expect.any(String),
        visitor_count: expect.any(Number),
        is_capital: expect.any(Boolean),
      });
    },
  },
  {
    title: 'error',
    meaning: "StepFun's 400: the client's own error, with status and message",
    run: (trial) => refused(trial, trial.client.ask),
  },
];

export const STREAMS: readonly Behaviour[] = [
  ...common((client) => client.stream),
  {
    title: 'tools',
    meaning: 'as in a completion',
    async run(trial) {
      for (const pieces of SPELLINGS) {
        await tools(trial, trial.client.streamWithTools, `simulate tool pieces ${pieces}`);
      }
    },
  },
  {
    title: '`stop` after tools',
    meaning: 'as in a completion',
    run: (trial) => tools(trial, trial.client.streamWithTools, 'simulate finish stop'),
  },
  {
    title: 'ids of tools',
    meaning: 'StepFun sends the id of a call late, never, or two calls under one index: the calls as above',
    async run(trial) {
      for (const pieces of ['with late id', 'never with id', 'under one index']) {
        await tools(trial, trial.client.streamWithTools, `simulate tool pieces ${pieces}`);
      }
    },
  },
  {
    title: 'no `[DONE]`',
    meaning: 'StepFun leaves out the sentinel after a whole answer: a finished answer',
    async run({ client, expected }) {
      const answer = await client.stream({ prompt: 'Tell me a joke. simulate missing done' });
      const completion = await expected();
      expect(answer).toMatchObject({ texts: textsOf(completion), finish: 'stop' });
    },
  },
  {
    title: 'whole, then broken',
    meaning: 'the connection ends, is reset or falls silent after the whole answer: a finished answer',
    async run({ client, expected }) {
      // Endless comments look the same to a client as silence does: test/faults has them.
      for (const [n, fault] of ['truncated', 'reset', 'stall'].entries()) {
        const answer = await client.stream({ prompt: `Tell me a joke. simulate ${fault} after finish` });
        expect(answer).toMatchObject({ texts: textsOf(await expected(n)), finish: 'stop' });
      }
    },
  },
  {
    title: 'from the cache',
    meaning: 'the same question again: the same text, reasoning and usage, without a request to StepFun',
    gatewayOnly: true,
    async run({ cached, server, adapter }) {
      const question = { prompt: `Tell ${adapter.packages[0]} a joke, ${adapter.name}. simulate cached 5` };
      const first = await cached.stream(question);
      // The answer is stored after the stream has ended.
      await expect
        .poll(async () => {
          await server.forget();
          expect({ ...(await cached.stream(question)), pieces: 0 }).toEqual({ ...first, pieces: 0 });
          return server.received();
        }, POLL)
        .toEqual([]);
    },
  },
  {
    title: 'error before',
    meaning: "StepFun's 400 instead of a stream: the client's own error, with status and message",
    run: (trial) => refused(trial, trial.client.stream),
  },
  {
    title: 'error within',
    meaning: "StepFun's error event within the stream: the client's own error, with the message",
    async run({ adapter, client }) {
      const error = await failed(client.stream({ prompt: 'Tell me a joke. simulate error mid-stream 451' }));
      expect(adapter.failure(error)?.text).toContain(
        'The content you provided or machine outputted is blocked.',
      );
    },
  },
  {
    title: 'broken off',
    meaning: "truncated, reset, or garbage, early or late: the client's own error, never a finished answer",
    async run({ adapter, client }) {
      for (const fault of [
        'truncated after 1',
        'truncated after 20',
        'reset after 1',
        'reset after 20',
        'garbage after 20',
      ]) {
        const error = await failed(client.stream({ prompt: `Tell me a joke. simulate ${fault}` }));
        expect(adapter.failure(error)).toBeDefined();
      }
    },
  },
];

/** The behaviours of completions and streams alike. */
function common(method: Ask): Behaviour[] {
  return [
    {
      title: 'text',
      meaning: "StepFun's exact text; in a stream, in several pieces",
      async run({ client, expected }) {
        const { texts, pieces } = await method(client)({ prompt: 'Why is the sky blue?' });
        expect(texts).toEqual(textsOf(await expected()));
        if (method(client) === client.stream) expect(pieces).toBeGreaterThan(1);
      },
    },
    {
      title: 'reasoning',
      meaning: 'whole, under the name that this client reads, and not in the text',
      async run({ client, expected }) {
        const { reasoning } = await method(client)({ prompt: 'Why is grass green?' });
        expect(reasoning).toMatch(/\w/);
        expect(reasoning).toBe((await expected()).choices[0]!.message.reasoning);
      },
    },
    {
      title: 'n = 2',
      meaning: 'two separate answers',
      async run({ client, expected }) {
        const { texts } = await method(client)({ prompt: 'Tell me a joke.', choices: 2 });
        expect(texts).toHaveLength(2);
        expect(texts).toEqual(textsOf(await expected()));
      },
    },
    {
      title: 'JSON mode',
      meaning: 'an answer that is JSON',
      async run({ client, expected }) {
        const { texts } = await method(client)({
          prompt: 'Describe Paris with the keys city and country.',
          json: true,
        });
        expect(JSON.parse(texts[0]!)).toEqual(JSON.parse((await expected()).choices[0]!.message.content));
        expect(Object.keys(JSON.parse(texts[0]!) as object)).toEqual(['city', 'country']);
      },
    },
    {
      title: 'image',
      meaning: 'a data URL reaches StepFun unchanged',
      async run({ client, server, expected }) {
        const { texts } = await method(client)({ prompt: 'What is in this image?', image: PIXEL });
        expect(texts).toEqual(textsOf(await expected()));
        expect(JSON.stringify(await server.received())).toContain(`"image_url":{"url":"${PIXEL}"`);
      },
    },
    {
      title: 'usage',
      meaning: 'prompt, completion and cached tokens as StepFun counts them, once',
      async run({ client, expected }) {
        const { usage } = await method(client)({ prompt: 'Tell me a joke. simulate cached 7' });
        const completion = await expected();
        expect(completion.usage.cached_tokens).toBe(7);
        expect(usage).toEqual({
          prompt: completion.usage.prompt_tokens,
          completion: completion.usage.completion_tokens,
          cached: 7,
        });
      },
    },
    {
      title: 'finish reason',
      meaning: '`stop`, and `length` if `max_tokens` cut the answer',
      async run({ client }) {
        expect((await method(client)({ prompt: 'Tell me a joke.' })).finish).toBe('stop');
        expect((await method(client)({ prompt: 'Tell me a joke.', maxTokens: 3 })).finish).toBe('length');
      },
    },
  ];
}

async function tools(
  { server, expected }: Trial,
  converse: (prompt: string) => Promise<ToolRun>,
  trigger: string,
): Promise<void> {
  await server.forget();
  const run = await converse(`How is the weather in Paris and in Rome? simulate 2 tool calls ${trigger}`);
  const [turn, answer] = [await expected(0), await expected(1)];
  const calls = turn.choices[0]!.message.tool_calls!;
  expect(run.calls).toEqual(
    calls.map((call) => ({
      name: call.function.name,
      arguments: JSON.parse(call.function.arguments) as unknown,
    })),
  );
  expect(run.calls).toHaveLength(2);
  expect(run.finish).toBe('tool_calls');
  expect(run.text).toBe(answer.choices[0]!.message.content);
  // The ids are StepFun's where a call's first piece had one, and the results name them.
  const anyId = expect.stringMatching(/./);
  const [, second] = await server.received();
  const [, assistant, ...results] = (second?.['messages'] ?? []) as SentMessage[];
  const sent = assistant?.tool_calls ?? [];
  expect(sent).toMatchObject(
    calls.map(({ id = anyId, function: { name } }) => ({
      id: trigger.includes('late id') ? anyId : id,
      function: { name },
    })),
  );
  expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
  expect(results).toMatchObject(
    sent.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: expect.stringContaining('clear') })),
  );
}

interface SentMessage {
  readonly tool_calls?: readonly { readonly id: string }[];
}

async function refused({ adapter }: Trial, ask: Client['ask']): Promise<void> {
  const error = await failed(ask({ prompt: 'Tell me a joke. simulate error 400' }));
  expect(adapter.failure(error)).toMatchObject({
    status: 400,
    text: expect.stringContaining('The request parameters are invalid.'),
  });
}

/** @returns the error that it rejects with. */
async function failed(asked: Promise<Answer>): Promise<unknown> {
  const outcome = await asked.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  expect(outcome).not.toHaveProperty('answer');
  return 'error' in outcome ? outcome.error : undefined;
}

function textsOf({ choices }: StepfunCompletion): string[] {
  return choices.map(({ message }) => message.content);
}
