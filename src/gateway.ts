// The composition root: the gateway's parts, put together once per isolate from its
// environment, so that every part gets what it needs as an argument.

import { estimatePromptTokens, reserveTokens, settleReservation } from './access/reserve-tokens.ts';
import { clientChatSettings } from './access/client-limits.ts';
import type { Client } from './access/client.ts';
import { createCache, type Cache } from './cache/cache.ts';
import type { FlightOptions } from './cache/flight.ts';
import type { ChatContext } from './chat/chat-context.ts';
import { createComplete } from './chat/complete.ts';
import { readConfig, type Config } from './config/config.ts';
import { FLIGHT_GRACE_MS } from './config/limits.ts';
import type { RequestContext } from './http/request-context.ts';
import { createGate, type Gate, type GateNamespace } from './upstream/gate/gate.ts';
import { createStepfun, type Stepfun } from './upstream/stepfun.ts';

export interface Gateway {
  readonly config: Config;
  readonly stepfun: Stepfun;
  readonly cache: Cache;
  /** The parts of the Durable Object `Flight`. */
  readonly flight: FlightOptions;
  /** @returns the parts of one chat request. */
  chatContext(context: RequestContext, client: Client): ChatContext;
}

/** By environment: promises and streams belong to requests, these parts to the isolate. */
const gateways = new WeakMap<Env, Gateway>();

/**
 * @param env - the Worker's environment, or a Durable Object's.
 * @throws {ConfigurationError}
 */
export function gatewayOf(env: Env): Gateway {
  const known = gateways.get(env);
  if (known !== undefined) return known;
  const gateway = createGateway(env);
  gateways.set(env, gateway);
  return gateway;
}

function createGateway(env: Env): Gateway {
  const config = readConfig(env);
  const stepfun = createStepfun(config.upstream, env.STEPFUN);
  const gate = createUpstreamGate(env.GATE, config);
  const complete = createComplete(stepfun, config, gate);
  const cache = createCache({
    kv: env.CACHE,
    flights: env.FLIGHTS,
    settings: config.cache,
    upstream: config.upstream,
    shape: config.relay.shape,
    complete,
    flightMs: config.upstream.queue.timeoutMs + config.clocks.totalMs + FLIGHT_GRACE_MS,
  });

  return {
    config,
    stepfun,
    cache,
    flight: {
      kv: env.CACHE,
      staleSeconds: config.cache.staleSeconds,
      complete,
      settle: (reservation, tokens) => settleReservation(env.BUDGETS, reservation, tokens),
    },
    chatContext(context, client) {
      const { limits } = client;
      const { id, startedAtMs, waitUntil, log } = context;
      return {
        id,
        startedAtMs,
        config,
        chat: clientChatSettings(config.chat, limits),
        waitUntil,
        log,
        clientId: client.id,
        upstreamKey: client.upstreamKey,
        stepfun,
        cache,
        gate,
        reserve:
          limits.tokensPerDay === 0
            ? null
            : (asked, signal) =>
                reserveTokens(
                  env.BUDGETS,
                  client,
                  {
                    promptTokens: estimatePromptTokens(asked.promptSize()),
                    maxTokens: asked.maxTokens,
                    choices: asked.choices,
                    callMs: config.upstream.queue.timeoutMs + config.clocks.totalMs,
                  },
                  signal,
                ),
      };
    },
  };
}

/** @returns the gate of the gateway's own account; null where its limits are not set, as with UPSTREAM_KEY=client. */
function createUpstreamGate(namespace: GateNamespace | undefined, { upstream }: Config): Gate | null {
  const { apiKey, limits, queue } = upstream;
  if (apiKey === undefined) return null;
  return createGate(namespace, { limits, queueSize: queue.size, queueTimeoutMs: queue.timeoutMs }, apiKey);
}
