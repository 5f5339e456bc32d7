// How much a client may do: the deployment's settings, or what its entry in the binding
// `CLIENTS` puts in their place, downward and upward.

import type { Config } from '../config/config.ts';
import type { Policy } from './client-entry.ts';

export interface ClientLimits {
  /** Empty: every model. */
  readonly models: ReadonlySet<string>;
  /** 0: no budget. */
  readonly tokensPerDay: number;
  /** Counted exactly, by the client's Budget object; 0: no limit; null: `RATE_LIMITER` counts. */
  readonly requestsPerMinute: number | null;
  /** For each choice; 0: no ceiling. */
  readonly maxOutputTokens: number;
}

/** An entry's way to say "every model", where the deployment allows fewer. */
const EVERY_MODEL = '*';

/**
 * @param policy - of the client's entry; null: the deployment's settings hold.
 * @returns the limits that hold for a client.
 */
export function resolveLimits(policy: Policy | null, { access, chat }: Config): ClientLimits {
  const models = policy?.models;
  return {
    models: models === undefined ? chat.allowedModels : new Set(models.includes(EVERY_MODEL) ? [] : models),
    tokensPerDay: policy?.tokens_per_day ?? access.tokensPerDay,
    requestsPerMinute: policy?.requests_per_minute ?? null,
    maxOutputTokens: policy?.max_output_tokens ?? chat.maxOutputTokens,
  };
}

/** @returns the settings of chat requests as they hold for a client. */
export function clientChatSettings(chat: Config['chat'], limits: ClientLimits): Config['chat'] {
  return { ...chat, allowedModels: limits.models, maxOutputTokens: limits.maxOutputTokens };
}
