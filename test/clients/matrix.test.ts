// Every client, every behaviour, a test each; and the page that says how it went.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aiSdkDeepSeek } from './adapters/ai-sdk-deepseek.ts';
import { aiSdkOpenAICompatible } from './adapters/ai-sdk-openai-compatible.ts';
import { aiSdkOpenAI } from './adapters/ai-sdk-openai.ts';
import { eventsourceParser } from './adapters/eventsource-parser.ts';
import { fetchEventSourceClient } from './adapters/fetch-event-source.ts';
import { langchainDeepSeek } from './adapters/langchain-deepseek.ts';
import { langchainOpenAI } from './adapters/langchain-openai.ts';
import { openaiCreate } from './adapters/openai-create.ts';
import { openaiHelpers } from './adapters/openai-helpers.ts';
import { openrouter } from './adapters/openrouter.ts';
import { COMPLETIONS, STREAMS, type Behaviour, type Trial } from './behaviours.ts';
import type { Adapter, Mode } from './client.ts';
import { renderReadme, type Cell, type Table } from './readme.ts';
import { openStage, type Server, type Stage } from './stage.ts';

const ADAPTERS: readonly Adapter[] = [
  openaiCreate,
  openaiHelpers,
  aiSdkOpenAICompatible,
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

/** What was found, in the order of the tables. */
const found: Record<Mode | 'raw', Map<Adapter, Cell[]>> = {
  completion: new Map(),
  stream: new Map(),
  raw: new Map(),
};

describe.each(ADAPTERS)('$name', (adapter) => {
  for (const [mode, behaviours] of [
    ['completion', adapter.streamsOnly === true ? [] : COMPLETIONS],
    ['stream', STREAMS],
  ] as const) {
    for (const behaviour of behaviours) {
      it(`${mode}: ${behaviour.title}`, async () => {
        const note = noteOf(adapter, mode, behaviour);
        const run = perform(behaviour, adapter, stage.gateway);
        if (note === undefined) await run;
        else await expect(run).rejects.toThrow(note.because);
        add(mode, adapter, note === undefined ? { mark: '✓' } : { mark: note.mark, footnote: note.text });
      });
    }
  }

  // Nothing is asserted of it but that README says the same.
  it('streams without the gateway', { timeout: 60_000 }, async () => {
    for (const behaviour of RAW) {
      const isMissing = noteOf(adapter, 'stream', behaviour)?.mark === '–';
      const works = await perform(behaviour, adapter, stage.stepfun).then(
        () => true,
        () => false,
      );
      add('raw', adapter, { mark: isMissing ? '–' : works ? '✓' : '✗' });
    }
  });
});

it('README.md says what this run found', async () => {
  const readme = await renderReadme(
    ADAPTERS,
    table('completion', COMPLETIONS),
    table('stream', STREAMS),
    table('raw', RAW),
  );
  await expect(readme).toMatchFileSnapshot('README.md');
});

async function perform(behaviour: Behaviour, adapter: Adapter, server: Server): Promise<void> {
  await server.forget();
  const trial: Trial = {
    adapter,
    client: adapter.connect({ url: server.url, headers: { 'cache-control': 'no-store' } }),
    cached: adapter.connect({ url: server.url, headers: {} }),
    server,
    said: async (n = 0) => stage.said((await server.received())[n] ?? {}),
  };
  await behaviour.run(trial);
}

function noteOf(adapter: Adapter, mode: Mode, { title }: Behaviour) {
  return adapter.notes?.find((note) => note.behaviour === title && (note.mode ?? mode) === mode);
}

function add(mode: Mode | 'raw', adapter: Adapter, cell: Cell): void {
  const cells = found[mode].get(adapter) ?? [];
  found[mode].set(adapter, [...cells, cell]);
}

/** @throws when a cell is missing: its test has failed, or was left out of this run. */
function table(mode: Mode | 'raw', behaviours: readonly Behaviour[]): Table {
  const rows = [...found[mode]].map(([adapter, cells]) => ({ adapter, cells }));
  for (const { cells } of rows) expect(cells).toHaveLength(behaviours.length);
  return { behaviours, rows };
}
