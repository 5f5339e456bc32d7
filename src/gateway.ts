// The gateway's parts, put together once per isolate from its environment: the
// composition root, so that everything else takes what it needs as an argument.

import type { FlightOptions } from './cache/flight.ts';
import type { Complete } from './cache/completion.ts';
import { createComplete } from './chat/complete.ts';
import { readConfig, type Config } from './config/config.ts';
import { createStepfun, type Stepfun } from './upstream/stepfun.ts';

export interface Gateway {
  readonly config: Config;
  readonly stepfun: Stepfun;
  readonly complete: Complete;
}

const memory = new WeakMap<Env, Gateway>();

/**
 * @param env - the Worker's environment, or a Durable Object's.
 * @throws {GatewayError} `invalid_configuration`.
 */
export function gatewayOf(env: Env): Gateway {
  const known = memory.get(env);
  if (known !== undefined) return known;

  const config = readConfig(env);
  const stepfun = createStepfun(config.upstream, env.STEPFUN);
  const gateway = {
    config,
    stepfun,
    complete: createComplete(stepfun, config),
  };
  memory.set(env, gateway);
  return gateway;
}

/** What the Durable Object `Flight` needs of it. */
export function flightOptions(env: Env): FlightOptions {
  const { config, complete } = gatewayOf(env);
  return { kv: env.CACHE, staleSeconds: config.cache.staleSeconds, complete };
}
