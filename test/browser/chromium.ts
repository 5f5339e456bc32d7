// Where Chromium is, and how it is started.

import { existsSync } from 'node:fs';

const CHROMIUM_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Chromium is; null on a machine without it, where the tests in this folder can't run. */
export const chromiumPath =
  process.env['CHROMIUM_PATH'] ?? CHROMIUM_PATHS.find((path) => existsSync(path)) ?? null;
