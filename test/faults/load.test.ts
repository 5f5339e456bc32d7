// Clients that leave and upstreams that fail, at the same time; `npm run load` is ten times larger.

import { expect, it } from 'vitest';
import { describeLoad, isSound, underLoad } from './load.ts';

it(
  '200 streams, half of them cut, a fifth broken → each remaining one is whole or ends in an error, and no call stays open',
  { timeout: 60_000 },
  async () => {
    const report = await underLoad({ streams: 200, events: 60, eventsPerSecond: 20, idleMs: 3_000 });
    const { whole, failed, cut } = report;
    expect(isSound(report), describeLoad(report)).toBe(true);
    expect(whole + failed + cut).toBe(200);
    expect([whole, failed, cut].every((count) => count > 15)).toBe(true);
  },
);
