// A small bad day; `npm run load` is the large one.

import { expect, test } from 'vitest';
import { describeLoad, isSound, underLoad } from './load.ts';

test(
  '200 streams, half of them cut, a fifth broken → each that stays is whole or failed, nothing is left',
  { timeout: 60_000 },
  async () => {
    const report = await underLoad({ streams: 200, events: 60, eventsPerSecond: 20, idleMs: 3_000 });
    const { whole, failed, cut } = report;
    expect(isSound(report), describeLoad(report)).toBe(true);
    expect(whole + failed + cut).toBe(200);
    expect([whole, failed, cut].every((count) => count > 15)).toBe(true);
  },
);
