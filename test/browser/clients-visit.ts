// A visit of the clients' page: its actions, called by name, and the preflights that the browser sends.

import { expect, onTestFinished } from 'vitest';
import type { Actions } from './clients-page.ts';
import type { Server } from './servers.ts';
import type { Chromium, OpenPage, PageOptions } from './setup.ts';

export interface Visit extends OpenPage {
  /** The preflights that were sent, with the status of their answers. */
  readonly preflights: { path: string; status: number | null }[];
  act<Name extends keyof Actions>(
    name: Name,
    ...args: Parameters<Actions[Name]>
  ): Promise<Awaited<ReturnType<Actions[Name]>>>;
}

/** Opens the page of a page server. A used profile may have preflights in its cache. */
export async function visit(chromium: Chromium, { origin }: Server, options?: PageOptions): Promise<Visit> {
  const open = await chromium.openPage(origin, options);
  const { page } = open;

  // Playwright's own events leave preflights out.
  const preflights = new Map<string, { path: string; status: number | null }>();
  const devtools = await page.context().newCDPSession(page);
  onTestFinished(() => devtools.detach().catch(() => {}));
  await devtools.send('Network.enable');
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.method === 'OPTIONS')
      preflights.set(requestId, { path: new URL(request.url).pathname, status: null });
  });
  devtools.on('Network.responseReceived', ({ requestId, response }) => {
    const preflight = preflights.get(requestId);
    if (preflight !== undefined) preflight.status = response.status;
  });

  await page.waitForFunction(() => 'actions' in globalThis);
  return {
    ...open,
    get preflights() {
      return [...preflights.values()];
    },
    async act(name, ...args) {
      const result: unknown = await page.evaluate(
        ([action, given]) => {
          const { actions } = globalThis as typeof globalThis & {
            actions: Record<string, (...args: unknown[]) => unknown>;
          };
          return actions[action]?.(...given);
        },
        [name, args] as [string, unknown[]],
      );
      return result as never;
    },
  };
}

/** Waits for a text among the errors of the console, and removes all of them. */
export async function expectConsoleError({ consoleErrors }: OpenPage, text: string): Promise<void> {
  await expect.poll(() => consoleErrors.join('\n')).toContain(text);
  consoleErrors.length = 0;
}
