// Runs before each unit test file. The files share one module graph (vitest.config.ts), so
// whatever one of them leaves behind in a global would reach the next one.

import * as fc from 'fast-check';
import { afterAll, vi } from 'vitest';
import { SEED } from '../long-run.ts';

fc.configureGlobal({ seed: SEED });

afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});
