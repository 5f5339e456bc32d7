// What every client must do, once, in a table. Each behaviour asks through the client
// and holds the outcome against the truth: what StepFun says, as one completion, to
// the very request that reached it.

import { expect } from 'vitest';
import type { Adapter, Answer, Client, ToolRun } from './client.ts';
import type { Said, Server } from './stage.ts';

export interface Trial {
  readonly adapter: Adapter;
  /** Connected past the cache. */
  readonly client: Client;
  /** Connected to the cache. */
  readonly cached: Client;
  readonly server: Server;
  /** @returns what StepFun says to the n-th request that reached it. */
  readonly said: (n?: number) => Promise<Said>;
}

export interface Behaviour {
  /** The column. */
  readonly title: string;
  /** README's legend; the first of a title counts. */
  readonly meaning: string;
  /** It has no meaning without the gateway. */
  readonly gatewayOnly?: true;
  readonly run: (trial: Trial) => Promise<void>;
}

type Ask = (client: Client) => Client['ask'];

const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export const COMPLETIONS: readonly Behaviour[] = [
  ...common((client) => client.ask),
  {
    title: 'tools',
    meaning:
      'two calls with their arguments, the answers given back, the final text; in a stream however the pieces of a call are spelled',
    run: (trial) => tools(trial, trial.client.askWithTools, ''),
  },
  {
    title: '`stop` after tools',
    meaning: 'where upstream ends tool calls so, the client hears `tool_calls`',
    run: (trial) => tools(trial, trial.client.askWithTools, 'simulate finish stop'),
  },
  {
    title: 'schema',
    meaning:
      'structured output, checked by the client where it can (`parse`, `Output.object`, `withStructuredOutput`)',
    async run({ client }) {
      // The keys are named for clients that ask for JSON and check what comes.
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
      for (const pieces of ['with id', 'without id', 'with empty strings', 'in one piece']) {
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
    title: 'no `[DONE]`',
    meaning: 'StepFun forgets the sentinel after all is said: a finished answer',
    async run({ client, said }) {
      const answer = await client.stream({ prompt: 'Tell me a joke. simulate missing done' });
      const truth = await said();
      expect(answer).toMatchObject({ texts: textsOf(truth), finish: 'stop' });
    },
  },
  {
    title: 'from the cache',
    meaning: 'asked again, StepFun is not: the same text, reasoning and usage',
    gatewayOnly: true,
    async run({ cached, server, adapter }) {
      const question = { prompt: `Tell ${adapter.packages[0]} a joke, ${adapter.name}. simulate cached 5` };
      const first = await cached.stream(question);
      // It is stored after the stream has ended, beside the answer.
      await expect
        .poll(async () => {
          await server.forget();
          expect({ ...(await cached.stream(question)), pieces: 0 }).toEqual({ ...first, pieces: 0 });
          return server.received();
        })
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
    meaning: "StepFun's error event amid the stream: the client's own error, with the message",
    async run({ adapter, client }) {
      const error = await failed(client.stream({ prompt: 'Tell me a joke. simulate error mid-stream 451' }));
      expect(adapter.failure(error)?.text).toContain(
        'The content you provided or machine outputted is blocked.',
      );
    },
  },
  {
    title: 'broken off',
    meaning:
      "cut off cleanly, reset, or garbage, early or late: the client's own error, never a finished answer",
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

/** What completions and streams have in common. */
function common(method: Ask): Behaviour[] {
  return [
    {
      title: 'text',
      meaning: "StepFun's text to the letter; a stream's in pieces",
      async run({ client, said }) {
        const { texts, pieces } = await method(client)({ prompt: 'Why is the sky blue?' });
        expect(texts).toEqual(textsOf(await said()));
        if (method(client) === client.stream) expect(pieces).toBeGreaterThan(1);
      },
    },
    {
      title: 'reasoning',
      meaning: 'whole, under the name that this client reads, and not in the text',
      async run({ client, said }) {
        const { reasoning } = await method(client)({ prompt: 'Why is grass green?' });
        expect(reasoning).toMatch(/\w/);
        expect(reasoning).toBe((await said()).choices[0]!.message.reasoning);
      },
    },
    {
      title: 'n = 2',
      meaning: 'two answers, told apart',
      async run({ client, said }) {
        const { texts } = await method(client)({ prompt: 'Tell me a joke.', choices: 2 });
        expect(texts).toHaveLength(2);
        expect(texts).toEqual(textsOf(await said()));
      },
    },
    {
      title: 'JSON mode',
      meaning: 'an answer that parses',
      async run({ client, said }) {
        const { texts } = await method(client)({
          prompt: 'Describe Paris with the keys city and country.',
          json: true,
        });
        expect(JSON.parse(texts[0]!)).toEqual(JSON.parse((await said()).choices[0]!.message.content));
        expect(Object.keys(JSON.parse(texts[0]!) as object)).toEqual(['city', 'country']);
      },
    },
    {
      title: 'image',
      meaning: 'a data URL reaches StepFun untouched',
      async run({ client, server, said }) {
        const { texts } = await method(client)({ prompt: 'What is in this image?', image: PIXEL });
        expect(texts).toEqual(textsOf(await said()));
        expect(JSON.stringify(await server.received())).toContain(`"image_url":{"url":"${PIXEL}"`);
      },
    },
    {
      title: 'usage',
      meaning: 'prompt, completion and cached tokens as StepFun counts them, once',
      async run({ client, said }) {
        const { usage } = await method(client)({ prompt: 'Tell me a joke. simulate cached 7' });
        const truth = (await said()).usage;
        expect(truth.cached_tokens).toBe(7);
        expect(usage).toEqual({
          prompt: truth.prompt_tokens,
          completion: truth.completion_tokens,
          cached: 7,
        });
      },
    },
    {
      title: 'finish reason',
      meaning: '`stop`, and `length` when `max_tokens` cut it',
      async run({ client }) {
        expect((await method(client)({ prompt: 'Tell me a joke.' })).finish).toBe('stop');
        expect((await method(client)({ prompt: 'Tell me a joke.', maxTokens: 3 })).finish).toBe('length');
      },
    },
  ];
}

async function tools(
  { server, said }: Trial,
  converse: (prompt: string) => Promise<ToolRun>,
  trigger: string,
): Promise<void> {
  await server.forget();
  const run = await converse(`How is the weather in Paris and in Rome? simulate 2 tool calls ${trigger}`);
  const [turn, answer] = [await said(0), await said(1)];
  const asked = turn.choices[0]!.message.tool_calls!;
  expect(run.calls).toEqual(
    asked.map((call) => ({
      name: call.function.name,
      arguments: JSON.parse(call.function.arguments) as unknown,
    })),
  );
  expect(run.calls).toHaveLength(2);
  expect(run.finish).toBe('tool_calls');
  expect(run.text).toBe(answer.choices[0]!.message.content);
  const [, second] = await server.received();
  expect(second?.['messages']).toMatchObject([
    { role: 'user' },
    {
      role: 'assistant',
      tool_calls: asked.map(({ id, function: { name } }) => ({ id, function: { name } })),
    },
    ...asked.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: expect.stringContaining('clear') })),
  ]);
}

async function refused({ adapter }: Trial, ask: Client['ask']): Promise<void> {
  const error = await failed(ask({ prompt: 'Tell me a joke. simulate error 400' }));
  expect(adapter.failure(error)).toMatchObject({
    status: 400,
    text: expect.stringContaining('The request parameters are invalid.'),
  });
}

/** @returns what it rejects with. */
async function failed(asked: Promise<Answer>): Promise<unknown> {
  const outcome = await asked.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  expect(outcome).not.toHaveProperty('answer');
  return 'error' in outcome ? outcome.error : undefined;
}

function textsOf({ choices }: Said): string[] {
  return choices.map(({ message }) => message.content);
}
