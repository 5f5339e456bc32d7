// A gateway whose API the test answers by hand, chunk by chunk, so that the page can be
// examined at each moment of an answer. The playground's files come from the Worker's own
// serveAsset, in workerd, with their real headers.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

const ROOT = join(import.meta.dirname, '../..');

/** Serves the page's files as the router does; the rest of the gateway is left out. */
const PAGE_WORKER = `
  import { serveAsset } from './src/http/assets.ts';
  export default {
    fetch: (request, env) =>
      serveAsset(request, env.ASSETS, env.SITE_KEY === '' ? null : env.SITE_KEY).catch(
        (error) => new Response(error.code, { status: error.status }),
      ),
  };
`;

export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** The request's JSON. */
  readonly body: Record<string, unknown>;
  /** Resolves when the page has aborted, or has read to the end. */
  readonly left: Promise<void>;
  /** Sends a whole answer. */
  json(status: number, body: unknown, headers?: Record<string, string>): void;
  /** Sends the headers of a stream. */
  open(headers?: Record<string, string>): void;
  /** Sends one chunk; `more` are further fields beside `choices`. */
  chunk(delta: Record<string, unknown>, more?: Record<string, unknown>, finish?: string): void;
  /** Sends bytes as they are. */
  raw(text: string): void;
  /** Sends `[DONE]` and ends the answer. */
  done(): void;
  /** Ends the body without `[DONE]`. */
  end(): void;
  /** Resets the connection. */
  reset(): void;
}

export interface FakeGateway {
  readonly url: string;
  /** The requests of the page, oldest first, but for those of documents (models, usage, health). */
  readonly asked: Asked[];
  /**
   * The body of GET /v1/models, or a function of the request that returns it; null: it answers 401. A
   * function that answers by itself returns undefined.
   */
  models: unknown;
  /** The body of GET /v1/usage; null: it answers 404. */
  usage: unknown;
  /** The body of GET /healthz; its `status` decides between 200 and 503. */
  health: Record<string, unknown>;
  /** Answers each request of `asked`. */
  answer: (asked: Asked) => void | Promise<void>;
  close(): Promise<void>;
}

const MODELS: unknown = {
  object: 'list',
  data: [
    { id: 'step-3.7-flash', object: 'model', reasoning_efforts: ['low', 'medium', 'high'] },
    { id: 'step-3.5-flash-2603', object: 'model', reasoning_efforts: ['low', 'high'] },
    { id: 'step-plain', object: 'model', reasoning_efforts: [] },
  ],
};

/** @param siteKey - Turnstile's public key; '' switches Turnstile off. */
export async function startFakeGateway(siteKey = ''): Promise<FakeGateway> {
  const bundle = await build({
    stdin: { contents: PAGE_WORKER, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const worker = new Miniflare({
    workers: [
      {
        config: {
          name: 'page',
          compatibilityDate: '2026-11-01',
          env: { ASSETS: { type: 'assets' }, SITE_KEY: { type: 'text', value: siteKey } },
          assets: { directory: join(ROOT, 'src/playground'), hasUserWorker: true, runWorkerFirst: true },
          manifest: {
            mainModule: 'index.js',
            modules: { 'index.js': { type: 'esm', contents: bundle.outputFiles[0]?.text ?? '' } },
          },
        },
      },
    ],
  });
  await worker.ready;

  const gateway: Omit<FakeGateway, 'url' | 'close'> = {
    asked: [],
    models: MODELS,
    usage: { object: 'usage', client: 'visitor', tokens: { limit: null, used: 0 } },
    health: { status: 'ok', configuration: 'valid', access: 'configured' },
    answer: (asked) =>
      asked.json(500, { error: { message: 'This test defines no answer.', code: 'internal_error' } }),
  };
  // Each test opens the page anew: 50 files from workerd cost more than the test itself.
  const files = new Map<string, Promise<File>>();
  const server = createServer((request, response) => {
    void serve(request, response, gateway, worker, files);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(gateway, {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      // A page may have left while workerd still sent a file.
      await Promise.allSettled(files.values());
      await worker.dispose();
    },
  });
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  gateway: Omit<FakeGateway, 'url' | 'close'>,
  worker: Miniflare,
  files: Map<string, Promise<File>>,
): Promise<void> {
  const path = request.url ?? '/';
  if (path === '/healthz') {
    const status = gateway.health['status'] === 'ok' ? 200 : 503;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(gateway.health));
    return;
  }
  if (!path.startsWith('/v1/')) {
    const known = request.headers['if-none-match'];
    const name = `${path} ${known}`;
    let file = files.get(name);
    if (file === undefined) {
      file = fetchFile(worker, path, known);
      files.set(name, file);
    }
    const { status, headers, body } = await file;
    response.writeHead(status, headers).end(body);
    return;
  }
  const asked = await readAsked(request, response);
  if (path === '/v1/models') {
    const models: unknown = typeof gateway.models === 'function' ? gateway.models(asked) : gateway.models;
    if (models === undefined) return;
    if (models === null) asked.json(401, { error: { message: 'No.', code: 'invalid_api_key' } });
    else asked.json(200, models);
    return;
  }
  if (path === '/v1/usage') {
    if (gateway.usage === null) asked.json(404, { error: { message: 'No.', code: 'not_found' } });
    else asked.json(200, gateway.usage);
    return;
  }
  gateway.asked.push(asked);
  await gateway.answer(asked);
}

interface File {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

async function fetchFile(worker: Miniflare, path: string, known: string | undefined): Promise<File> {
  const file = await worker.dispatchFetch(`http://page${path}`, {
    redirect: 'manual',
    headers: known === undefined ? {} : { 'if-none-match': known },
  });
  return {
    status: file.status,
    headers: Object.fromEntries(file.headers),
    body: Buffer.from(await file.arrayBuffer()),
  };
}

async function readAsked(request: IncomingMessage, response: ServerResponse): Promise<Asked> {
  let text = '';
  for await (const piece of request) text += String(piece);
  const headers = { 'x-request-id': 'request-1' };
  return {
    path: request.url ?? '',
    headers: request.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    left: new Promise((resolve) => response.on('close', resolve)),
    json: (status, body, more) => {
      response.writeHead(status, { ...headers, 'content-type': 'application/json', ...more });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    },
    open: (more) => {
      response.writeHead(200, {
        ...headers,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-status': 'stepfun-edge; fwd=miss',
        ...more,
      });
      response.flushHeaders();
    },
    chunk: (delta, more, finish) => {
      const choices = [{ index: 0, delta, finish_reason: finish ?? null }];
      response.write(`data: ${JSON.stringify({ object: 'chat.completion.chunk', choices, ...more })}\n\n`);
    },
    raw: (text) => response.write(text),
    done: () => response.end('data: [DONE]\n\n'),
    end: () => response.end(),
    reset: () => response.socket?.resetAndDestroy(),
  };
}
