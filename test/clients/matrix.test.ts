// One test for each client, behaviour and dialect of StepFun; and the page with the results.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aiSdkDeepSeek } from './adapters/ai-sdk-deepseek.ts';
import { aiSdkOpenAICompatibleV6 } from './adapters/ai-sdk-openai-compatible-v6.ts';
import { aiSdkOpenAICompatible } from './adapters/ai-sdk-openai-compatible.ts';
import { aiSdkOpenAI } from './adapters/ai-sdk-openai.ts';
import { eventsourceParser } from './adapters/eventsource-parser.ts';
import { fetchEventSourceClient } from './adapters/fetch-event-source.ts';
import { langchainDeepSeek } from './adapters/langchain-deepseek.ts';
import { langchainOpenAI } from './adapters/langchain-openai.ts';
import { openaiCreate } from './adapters/openai-create.ts';
import { openaiHelpers } from './adapters/openai-helpers.ts';
import { openrouter } from './adapters/openrouter.ts';
import { COMPLETIONS, STREAMS, type Behaviour } from './behaviours.ts';
import type { Adapter, Client, Mode } from './client.ts';
import { renderReadme, type Cell, type Table } from './readme.ts';
import { openStage, type Server, type Stage } from './stage.ts';

const ADAPTERS: readonly Adapter[] = [
  openaiCreate,
  openaiHelpers,
  aiSdkOpenAICompatible,
  aiSdkOpenAICompatibleV6,
  aiSdkDeepSeek,
  aiSdkOpenAI,
  langchainOpenAI,
  langchainDeepSeek,
  openrouter,
  fetchEventSourceClient,
  eventsourceParser,
];
const RAW = STREAMS.filter(({ gatewayOnly }) => gatewayOnly !== true);

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const DIALECTS = ['2026', '2024'] as const;
type Dialect = (typeof DIALECTS)[number];

/** The rows of one table. */
type Rows = Map<Adapter, Cell[]>;

/** Through the gateway a client works in both dialects or its test fails: the cells are those of the first. */
const completionRows: Rows = new Map();
const streamRows: Rows = new Map();
const rawRows: Readonly<Record<Dialect, Rows>> = { 2026: new Map(), 2024: new Map() };
/** The behaviours that passed in the second dialect, by adapter. */
const passed = new Map<Adapter, number>();

describe.each(ADAPTERS)('$name', (adapter) => {
  describe.each(DIALECTS)('in %s', (dialect) => {
    for (const [mode, behaviours, rows] of [
      ['completion', adapter.streamsOnly === true ? [] : COMPLETIONS, completionRows],
      ['stream', STREAMS, streamRows],
    ] as const) {
      for (const behaviour of behaviours) {
        it(`${mode}: ${behaviour.title}`, async () => {
          const note = noteOf(adapter, mode, behaviour);
          const run = perform(behaviour, adapter, stage.gateway, dialect);
          if (note === undefined) await run;
          else await expect(run).rejects.toThrow(note.because);
          if (dialect !== DIALECTS[0]) passed.set(adapter, (passed.get(adapter) ?? 0) + 1);
          else
            add(rows, adapter, note === undefined ? { mark: '✓' } : { mark: note.mark, footnote: note.text });
        });
      }
    }

    // Nothing is asserted, except that README has the same result.
    it('streams without the gateway', { timeout: 60_000 }, async () => {
      for (const behaviour of RAW) {
        const isMissing = noteOf(adapter, 'stream', behaviour)?.mark === '–';
        const works = await perform(behaviour, adapter, stage.stepfun, dialect).then(
          () => true,
          () => false,
        );
        add(rawRows[dialect], adapter, { mark: isMissing ? '–' : works ? '✓' : '✗' });
      }
    });
  });
});

it('README.md has the results of this run', async () => {
  for (const adapter of ADAPTERS) {
    expect(passed.get(adapter)).toBe(
      (adapter.streamsOnly === true ? 0 : COMPLETIONS.length) + STREAMS.length,
    );
  }
  const readme = await renderReadme(
    ADAPTERS,
    table(completionRows, COMPLETIONS),
    table(streamRows, STREAMS),
    DIALECTS.map((dialect) => ({ dialect, table: table(rawRows[dialect], RAW) })),
  );
  await expect(readme).toMatchFileSnapshot('README.md');
});

async function perform(
  behaviour: Behaviour,
  adapter: Adapter,
  server: Server,
  dialect: Dialect,
): Promise<void> {
  await server.forget();
  const connect = (headers: Record<string, string>) =>
    inDialect(adapter.connect({ url: server.url, headers }), dialect);
  await behaviour.run({
    adapter,
    client: connect({ 'cache-control': 'no-store' }),
    cached: connect({}),
    server,
    expected: async (n = 0) => stage.expected((await server.received())[n] ?? {}),
  });
}

/** @returns the client with a trigger in every prompt. */
function inDialect(client: Client, dialect: Dialect): Client {
  const say = (prompt: string) => `${prompt} simulate dialect ${dialect}`;
  return {
    ask: (question) => client.ask({ ...question, prompt: say(question.prompt) }),
    stream: (question) => client.stream({ ...question, prompt: say(question.prompt) }),
    askWithTools: (prompt) => client.askWithTools(say(prompt)),
    streamWithTools: (prompt) => client.streamWithTools(say(prompt)),
    extract: (prompt) => client.extract(say(prompt)),
  };
}

function noteOf(adapter: Adapter, mode: Mode, { title }: Behaviour) {
  return adapter.notes?.find((note) => note.behaviour === title && (note.mode ?? mode) === mode);
}

function add(rows: Rows, adapter: Adapter, cell: Cell): void {
  rows.set(adapter, [...(rows.get(adapter) ?? []), cell]);
}

/** @throws if a cell is missing: its test has failed, or was not part of this run. */
function table(rows: Rows, behaviours: readonly Behaviour[]): Table {
  const list = [...rows].map(([adapter, cells]) => ({ adapter, cells }));
  for (const { cells } of list) expect(cells).toHaveLength(behaviours.length);
  return { behaviours, rows: list };
}
