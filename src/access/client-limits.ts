// The limits of a client: the deployment's settings, or the values of its entry in the
// binding `CLIENTS`, which may be lower or higher.

import type { Config } from '../config/config.ts';
import type { EntryLimits } from './client-entry.ts';

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

/** In an entry: every model, even if the deployment allows fewer. */
const EVERY_MODEL = '*';

/**
 * @param entry - the client's entry; null: the deployment's settings hold.
 * @returns the limits that hold for a client.
 */
export function resolveLimits(entry: EntryLimits | null, { access, chat }: Config): ClientLimits {
  const models = entry?.models;
  return {
    models: models === undefined ? chat.allowedModels : new Set(models.includes(EVERY_MODEL) ? [] : models),
    tokensPerDay: entry?.tokens_per_day ?? access.tokensPerDay,
    requestsPerMinute: entry?.requests_per_minute ?? null,
    maxOutputTokens: entry?.max_output_tokens ?? chat.maxOutputTokens,
  };
}

/** @returns the settings of chat requests as they hold for a client. */
export function clientChatSettings(chat: Config['chat'], limits: ClientLimits): Config['chat'] {
  return { ...chat, allowedModels: limits.models, maxOutputTokens: limits.maxOutputTokens };
}
