// Pages on origins of their own, a gateway that knows one of them, and what stands
// behind it: the simulator, and a siteverify that says what the test wants.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { startWorkerd } from '../faults/workerd.ts';
import type { Actions } from './clients-page.ts';

export interface PageServer {
  readonly origin: string;
  close(): void;
}

/** Serves the one page, with openai's browser build in it. */
export async function startPageServer(): Promise<PageServer> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'clients-page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
  });
  const script = outputFiles[0]?.text ?? '';
  return serve((path) =>
    path === '/page.js'
      ? { type: 'text/javascript', body: script }
      : {
          type: 'text/html',
          body: '<!doctype html><title>A page</title><script type="module" src="/page.js"></script>',
        },
  );
}

export interface Siteverify extends PageServer {
  readonly url: string;
  /** The forms that were posted. */
  readonly asked: URLSearchParams[];
}

/** @param hostname - where the challenge was solved; every token but `bad` is good. */
export async function startSiteverify(hostname: string): Promise<Siteverify> {
  const asked: URLSearchParams[] = [];
  const server = await serve((_, body) => {
    const form = new URLSearchParams(body);
    asked.push(form);
    const success = form.get('response') !== 'bad';
    return { type: 'application/json', body: JSON.stringify({ success, hostname, action: 'chat' }) };
  });
  return { ...server, url: `${server.origin}/siteverify`, asked };
}

async function serve(
  answer: (path: string, body: string) => { type: string; body: string },
): Promise<PageServer> {
  const server = createServer((request, response) => {
    void text(request).then((sent) => {
      const { type, body } = answer(request.url ?? '/', sent);
      response.writeHead(200, { 'content-type': type }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface OnSockets {
  readonly gateway: string;
  /** What became of each request, as the simulator sees it: `open`, `done`, `aborted` … */
  states(): Promise<string[]>;
  close(): Promise<void>;
}

/** The gateway and the simulator on sockets of their own, so that a client's leaving crosses. */
export async function startOnSockets(vars: Record<string, string>): Promise<OnSockets> {
  const simulator = await startWorkerd([{ name: 'simulator', entry: 'test/simulator/index.ts' }]);
  const stepfun = `http://127.0.0.1:${simulator.ports['simulator']}`;
  const gateway = await startWorkerd([
    {
      name: 'gateway',
      entry: 'src/index.ts',
      vars: { ...vars, STEP_API_KEY: 'sk-simulator', STEPFUN_BASE_URL: `${stepfun}/v1` },
    },
  ]);
  return {
    gateway: `http://127.0.0.1:${gateway.ports['gateway']}`,
    async states() {
      const { requests } = (await (await fetch(`${stepfun}/_/requests`)).json()) as {
        requests: { state: string }[];
      };
      return requests.map(({ state }) => state);
    },
    close: async () => {
      await Promise.all([gateway.stop(), simulator.stop()]);
    },
  };
}

export interface Visit {
  readonly page: Page;
  /** What the browser wrote to the console as an error. */
  readonly complaints: string[];
  /** The preflights that were sent, with the status of their answers. */
  readonly preflights: { path: string; status: number | null }[];
  act<Name extends keyof Actions>(
    name: Name,
    ...args: Parameters<Actions[Name]>
  ): Promise<Awaited<ReturnType<Actions[Name]>>>;
}

/** Opens the page in a browser profile of its own. */
export async function visit(browser: Browser, { origin }: PageServer): Promise<Visit> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });

  // Playwright's own events leave preflights out.
  const preflights = new Map<string, { path: string; status: number | null }>();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.method === 'OPTIONS')
      preflights.set(requestId, { path: new URL(request.url).pathname, status: null });
  });
  devtools.on('Network.responseReceived', ({ requestId, response }) => {
    const preflight = preflights.get(requestId);
    if (preflight !== undefined) preflight.status = response.status;
  });

  await page.goto(origin);
  await page.waitForFunction(() => 'actions' in globalThis);
  return {
    page,
    complaints,
    get preflights() {
      return [...preflights.values()];
    },
    async act(name, ...args) {
      const result: unknown = await page.evaluate(
        ([action, given]) => {
          const { actions } = globalThis as unknown as {
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
