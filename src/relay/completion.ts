// The way of a completion: the same rules as for chunks, applied to one document.

import { GatewayError } from '../http/errors.ts';
import { readUpstreamError } from '../upstream/upstream-error.ts';
import { decode } from './ascii.ts';
import { Edits } from './edits.ts';
import type { RewriteOptions } from './options.ts';
import type { Usage } from '../http/usage.ts';
import { Rules } from './rules.ts';
import { readUsage } from './usage.ts';

export type RewrittenCompletion =
  | {
      readonly kind: 'completion';
      /** Where nothing changes, the body itself. */
      readonly bytes: Uint8Array;
      /** As StepFun counted it. */
      readonly usage: Usage | null;
      /** How each choice ended, as the client reads it; null where it is not said. */
      readonly finishReasons: readonly (string | null)[];
    }
  | {
      /** StepFun answered 200 with an error object. */
      readonly kind: 'error';
      readonly error: GatewayError;
    };

const edits = new Edits();

/**
 * @param body - StepFun's answer to a request without `stream`, or one rewritten
 *   before: rewriting twice is rewriting once.
 * @throws {GatewayError} `upstream_malformed` when it is not a completion.
 */
export function rewriteCompletion(body: Uint8Array, options: RewriteOptions): RewrittenCompletion {
  const rules = new Rules(options);
  const verdict = rules.completion(body, edits);
  if (verdict === 'sound') {
    const { usageStart, usageEnd } = rules;
    return {
      kind: 'completion',
      bytes: edits.apply(body, 0, body.length),
      usage: usageStart === -1 ? null : readUsage(body, usageStart, usageEnd),
      finishReasons: rules.choices.finishReasons(),
    };
  }
  edits.rewind(0);
  if (verdict === 'error') return { kind: 'error', error: readUpstreamError(decode(body), options) };
  throw new GatewayError('upstream_malformed', undefined, { detail: 'the body is no completion' });
}
