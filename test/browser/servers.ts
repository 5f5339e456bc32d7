// Servers of the tests: pages on origins of their own, a stand-in for Cloudflare's
// siteverify, and the gateway without wrangler's proxy in front of it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { startWorkerd } from '../faults/workerd.ts';

export interface Server {
  readonly origin: string;
  close(): void;
}

/** Serves one page that has openai's browser build and the actions of clients-page.ts. */
export async function startPageServer(): Promise<Server> {
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

export interface Siteverify extends Server {
  readonly url: string;
  /** The forms that it received. */
  readonly forms: URLSearchParams[];
}

/** Accepts every token but `bad`, as solved on this hostname. */
export async function startSiteverify(hostname: string): Promise<Siteverify> {
  const forms: URLSearchParams[] = [];
  const server = await serve((_, body) => {
    const form = new URLSearchParams(body);
    forms.push(form);
    const success = form.get('response') !== 'bad';
    return { type: 'application/json', body: JSON.stringify({ success, hostname, action: 'chat' }) };
  });
  return { ...server, url: `${server.origin}/siteverify`, forms };
}

export interface SocketGateway {
  readonly url: string;
  /** The state of each request, oldest first, as the simulator sees it: `open`, `done`, `aborted` … */
  states(): Promise<string[]>;
  close(): Promise<void>;
}

/** The gateway and the simulator in plain workerd: wrangler's proxy hides for a second that a client left. */
export async function startSocketGateway(vars: Record<string, string>): Promise<SocketGateway> {
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
    url: `http://127.0.0.1:${gateway.ports['gateway']}`,
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

async function serve(
  answer: (path: string, body: string) => { type: string; body: string },
): Promise<Server> {
  const server = createServer((request, response) => {
    void text(request).then((received) => {
      const { type, body } = answer(request.url ?? '/', received);
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
