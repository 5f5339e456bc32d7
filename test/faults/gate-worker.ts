// The gate in a Worker with little else: no access, no checks, no rewriting. The client's id
// comes as `x-client`, how its request goes as `x-mode`.

import { DurableObject } from 'cloudflare:workers';
import { toGatewayError } from '../../src/http/errors.ts';
import { errorResponse } from '../../src/http/response.ts';
import { createDeadlines } from '../../src/upstream/deadlines.ts';
import { Gate as GateObject } from '../../src/upstream/gate/gate-object.ts';
import { createGate } from '../../src/upstream/gate/gate.ts';
import { createStepfun } from '../../src/upstream/stepfun.ts';
import { withSlot, type Attempt } from '../../src/upstream/with-slot.ts';

interface Bindings {
  readonly GATE: DurableObjectNamespace<Gate>;
  readonly STEPFUN_BASE_URL: string;
  readonly CONCURRENCY?: string;
  readonly RPM?: string;
  readonly TPM?: string;
  readonly QUEUE_SIZE?: string;
  readonly QUEUE_TIMEOUT_MS?: string;
  readonly FIRST_BYTE_TIMEOUT_MS?: string;
  /** `pending`: as in the gateway, where each request's log line is pending. */
  readonly WAIT_UNTIL?: string;
}

const KEY = 'sk-upstream';

type Enter = GateObject['enter'];

export class Gate extends GateObject {
  /** Ends the object as a deployment or a crash does. */
  restart(): void {
    this.ctx.abort('restarted by a test');
  }
}

export class SilentGate extends DurableObject {
  enter(): Promise<never> {
    return new Promise(() => {});
  }
}

export class BrokenGate extends DurableObject {
  enter(): never {
    throw new Error('broken by a test');
  }
}

/** Answers a client called `late` when it has been passed by. */
export class LateGate extends DurableObject {
  readonly #gate = new GateObject(this.ctx, this.env);

  async enter(request: Parameters<Enter>[0]): Promise<ReturnType<Enter>> {
    if (request.client === 'late') await new Promise((resolve) => setTimeout(resolve, 1_300));
    return this.#gate.enter(request);
  }
}

async function answer(request: Request, env: Bindings, context: ExecutionContext): Promise<Response> {
  const { headers, signal } = request;
  const mode = headers.get('x-mode');
  if (mode === 'restart') return restart(env);
  const clocks = {
    firstByteMs: Number(env.FIRST_BYTE_TIMEOUT_MS ?? 60_000),
    idleMs: 60_000,
    totalMs: 600_000,
    keepAliveMs: 15_000,
  };
  const limits = {
    concurrency: Number(env.CONCURRENCY ?? 0),
    rpm: Number(env.RPM ?? 0),
    tpm: Number(env.TPM ?? 0),
  };
  const settings = {
    limits,
    queueSize: Number(env.QUEUE_SIZE ?? 1_000),
    queueTimeoutMs: Number(env.QUEUE_TIMEOUT_MS ?? 30_000),
  };
  const upstream = { baseUrl: env.STEPFUN_BASE_URL, keySource: 'gateway', apiKey: KEY } as const;
  const stepfun = createStepfun(upstream);
  const body = new Uint8Array(await request.arrayBuffer());
  const over = Promise.withResolvers<void>();
  if (env.WAIT_UNTIL === 'pending') context.waitUntil(over.promise);

  async function openOnce({ startedAtMs, end }: Attempt): Promise<ReadableStream> {
    const deadlines = createDeadlines(signal, clocks, startedAtMs, 'stream');
    const response = await stepfun.chat({ body, key: KEY, stream: true, signal: deadlines.signal });
    deadlines.onHeaders();
    const { readable, writable } = new IdentityTransformStream();
    const tokens = Number(headers.get('x-tokens') ?? 0);
    // A relay that forgets its slot stands for code that never runs.
    const settle = mode === 'forgetful' ? () => {} : end;
    response.body
      ?.pipeTo(writable)
      .then(
        () => settle({ tokens, isCut: false }),
        () => settle({ tokens: null, isCut: true }),
      )
      .finally(() => over.resolve());
    return readable;
  }

  const call = {
    gate: createGate(env.GATE, settings, KEY),
    clocks,
    kind: 'stream',
    client: headers.get('x-client') ?? 'client',
    signal,
    waitUntil: (work: Promise<unknown>) => context.waitUntil(work),
    isBackground: mode === 'background',
  } as const;
  const { value, attempts, queueMs } = await withSlot(call, openOnce);
  if (mode === 'throws') throw new Error('thrown by a test while the slot is held');
  return new Response(value, {
    headers: {
      'content-type': 'text/event-stream',
      'x-upstream-attempts': String(attempts),
      'x-queue-ms': String(queueMs),
    },
  });
}

async function restart(env: Bindings): Promise<Response> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(KEY));
  const name = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const stub: DurableObjectStub<Gate> = env.GATE.get(env.GATE.idFromName(name));
  // Its own end is the last thing that the object tells.
  await stub.restart().catch(() => {});
  return new Response('restarted');
}

export default {
  async fetch(request: Request, env: Bindings, context: ExecutionContext): Promise<Response> {
    try {
      return await answer(request, env, context);
    } catch (thrown) {
      if (request.headers.get('x-mode') === 'throws') throw thrown;
      const error = toGatewayError(thrown);
      const response = errorResponse(error);
      response.headers.set('x-queue-ms', String(error.details.queueMs));
      return response;
    }
  },
};
