// From zod's issues to the one error that lists everything that is wrong with a request.

import type * as z from 'zod/mini';
import { GatewayError } from '../../http/errors.ts';
import { ECHO_CHARS, ISSUES_SHOWN_MAX } from '../../config/limits.ts';

/** One thing that is wrong with a request. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Whether the field is not accepted at all, whatever its value. */
  readonly isUnknown?: true;
}

/**
 * @param issue - as zod reports it.
 * @returns the same as plain issues: for a union, those of the alternative that was meant.
 */
export function toIssues(issue: z.core.$ZodIssue, at: readonly PropertyKey[] = []): Issue[] {
  const path = [...at, ...issue.path];
  if (issue.code === 'invalid_union') {
    // The alternative that was meant has the right type: only its size or something in it is wrong.
    const meant = issue.errors.find(
      (errors) =>
        errors.length > 0 && errors.every(({ path, code }) => path.length > 0 || code.startsWith('too_')),
    );
    if (meant !== undefined) return meant.flatMap((inner) => toIssues(inner, path));
  }
  return [{ path, message: issue.message }];
}

/**
 * @param issues - at least one.
 * @returns the error that lists them, wrong values before unknown fields; its code
 *   and `param` are those of the first.
 */
export function requestError(issues: readonly Issue[]): GatewayError {
  const ordered = [
    ...issues.filter(({ isUnknown }) => !isUnknown),
    ...issues.filter(({ isUnknown }) => isUnknown),
  ];
  const messages = new Map<string, string>();
  for (const { path, message } of ordered) {
    const place = pathText(path);
    // zod tries some bounds although the type is wrong. The first issue says what is expected.
    if (!messages.has(place)) messages.set(place, place === '' ? message : `${place}: ${message}`);
  }
  const lines = [...messages.values()].slice(0, ISSUES_SHOWN_MAX);
  if (messages.size > ISSUES_SHOWN_MAX) lines.push('and more');
  const code = ordered[0]?.isUnknown ? 'unknown_parameter' : 'invalid_value';
  const params = [...messages.keys()].slice(0, ISSUES_SHOWN_MAX);
  const [param = ''] = params;
  return new GatewayError(code, lines.join('; '), param === '' ? {} : { param, params });
}

/** `messages[2].content[0].image_url.url`; names that the client chose are capped. */
function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const step of path) {
    const name = String(step);
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][\w-]{0,63}$/.test(name)) text += text === '' ? name : `.${name}`;
    else text += `[${JSON.stringify(name.slice(0, ECHO_CHARS))}]`;
  }
  return text;
}
