// A completion's way from StepFun's body to the client's: the same rules as for chunks.

import { GatewayError } from '../http/errors.ts';
import type { Usage } from '../http/token-usage.ts';
import { parseJson, stringifyJson } from '../lib/json.ts';
import { AnswerRules } from './answer-rules.ts';
import type { RewriteOptions } from './options.ts';

export interface RewrittenCompletion {
  /** The body; where no rule changed anything, the one that came. */
  readonly bytes: Uint8Array;
  /** The same, parsed. */
  readonly json: unknown;
  readonly usage: Usage | null;
  /** As `Choices.finishReasons`. */
  readonly finishReasons: readonly (string | null)[];
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * @param body - StepFun's answer to a request without `stream`.
 * @throws {GatewayError} the failure that an error object stands for; `upstream_malformed`
 *   when it is no completion.
 */
export function rewriteCompletion(body: Uint8Array, options: RewriteOptions): RewrittenCompletion {
  const text = decoder.decode(body);
  const json = parseJson(text);
  const rules = new AnswerRules(options);
  const verdict = rules.completion(json);
  if (verdict === 'error') throw options.readError(text);
  const written = verdict === 'changed' ? stringifyJson(json) : null;
  if (verdict !== 'unchanged' && written === null) {
    throw new GatewayError('upstream_malformed', undefined, { detail: 'the body is no completion' });
  }
  return {
    bytes: written === null ? body : encoder.encode(written),
    json,
    usage: rules.usage,
    finishReasons: rules.choices.finishReasons,
  };
}
