// The Workers under test: the whole gateway, several times in one workerd, each with the settings
// that a test needs, in front of one upstream.

import { startUpstream, type Upstream } from './upstream.ts';
import { startWorkerd, type StartOptions, type Runtime, type WorkerSpec } from './workerd.ts';

const ENTRY = 'src/index.ts';

type Name = 'steady' | 'plain' | 'native' | 'hasty' | 'hastyNative' | 'counting';

export interface Gateways<Lane extends string = Name> {
  readonly upstream: Upstream;
  readonly runtime: Runtime;
  readonly ports: Readonly<Record<Lane, number>>;
  stop(): Promise<void>;
}

export const HASTY = { keepAliveMs: 150, idleMs: 600, firstByteMs: 500, totalMs: 2_000 } as const;

const HASTY_VARS = {
  KEEP_ALIVE_MS: String(HASTY.keepAliveMs),
  IDLE_TIMEOUT_MS: String(HASTY.idleMs),
  FIRST_BYTE_TIMEOUT_MS: String(HASTY.firstByteMs),
  TOTAL_TIMEOUT_MS: String(HASTY.totalMs),
};

const VARS: Record<Name, Record<string, string>> = {
  /** The default settings. */
  steady: {},
  /** Without a window the relay reads in another way. */
  plain: { RELAY_WINDOW_MS: '0' },
  native: { RELAY: 'native' },
  hasty: HASTY_VARS,
  hastyNative: { ...HASTY_VARS, RELAY: 'native' },
  /** With a token budget a `waitUntil` is pending for as long as the stream is open. */
  counting: { TOKENS_PER_DAY: '100000000' },
};

export function startGateways(names: readonly Name[]): Promise<Gateways> {
  return startUnder(Object.fromEntries(names.map((name) => [name, VARS[name]])) as typeof VARS);
}

/**
 * @param settings - of each Worker, by its name; they replace those that all Workers have.
 * @param options - of workerd.
 */
export async function startUnder<Lane extends string>(
  settings: Readonly<Record<Lane, Readonly<Record<string, string>>>>,
  options: StartOptions = {},
): Promise<Gateways<Lane>> {
  const upstream = await startUpstream();
  const specs = Object.entries<Readonly<Record<string, string>>>(settings).map(
    ([name, vars]): WorkerSpec => ({
      name,
      entry: ENTRY,
      vars: {
        STEPFUN_BASE_URL: `http://127.0.0.1:${upstream.port}/v1`,
        STEP_API_KEY: 'sk-upstream',
        ANONYMOUS_ACCESS: 'true',
        CACHE_TTL_SECONDS: '0',
        ...vars,
      },
      objects: {
        ...('TOKENS_PER_DAY' in vars && { BUDGETS: 'Budget' }),
        ...('CACHE_TTL_SECONDS' in vars && { FLIGHTS: 'Flight' }),
        ...(Object.keys(vars).some((name) => name.startsWith('UPSTREAM_')) && { GATE: 'Gate' }),
      },
      kv: 'CACHE_TTL_SECONDS' in vars ? ['CACHE'] : [],
    }),
  );
  const runtime = await startWorkerd(specs, options);
  return {
    upstream,
    runtime,
    ports: runtime.ports as Record<Lane, number>,
    async stop() {
      await runtime.stop();
      await upstream.close();
    },
  };
}
