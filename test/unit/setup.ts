// Runs before each unit test file. The files share one module graph (vitest.config.ts), so
// whatever one of them leaves behind in a global would reach the next one.

import * as fc from 'fast-check';
import { afterAll, vi } from 'vitest';
import * as z from 'zod/mini';
import { SEED } from '../long-run.ts';

fc.configureGlobal({ seed: SEED });

// The classic zod, also the one in miniflare, shares its settings with zod/mini, and changes how schemas
// are built from then on, also in later files.
afterAll(() => {
  if (z.config().memoizer !== undefined) throw new Error('Unit tests must load zod/mini alone.');
});

afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});
