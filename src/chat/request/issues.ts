// What is wrong with a request, from zod's issues to the one error that tells it.

import type * as z from 'zod/mini';
import { GatewayError } from '../../http/errors.ts';
import { ECHO_CHARS, ISSUES_SHOWN_MAX } from '../../config/limits.ts';
import { unknownField } from './did-you-mean.ts';

/** Something wrong: where, and what was expected. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message?: string;
  /** For a field that nobody knows: those that would be known in its place. */
  readonly known?: readonly string[];
}

/**
 * @param issue - zod's, of one field.
 * @param at - where that field is.
 * @returns the same, plain: one for each unknown field, and for a union those of
 *   the alternative that was meant.
 */
export function plainIssues(issue: z.core.$ZodIssue, at: readonly PropertyKey[]): Issue[] {
  const path = [...at, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(' '); // see `closed`
    return issue.keys.slice(0, ISSUES_SHOWN_MAX + 1).map((key) => ({ path: [...path, key], known }));
  }
  if (issue.code === 'invalid_union') {
    // Meant was the alternative whose type is right: only its size or something in it is wrong.
    const meant = issue.errors.find(
      (errors) =>
        errors.length > 0 && errors.every(({ path, code }) => path.length > 0 || code.startsWith('too_')),
    );
    if (meant !== undefined) return meant.flatMap((error) => plainIssues(error, path));
  }
  return [{ path, message: issue.message }];
}

/**
 * @param issues - at least one.
 * @returns the error that lists them, wrong values before unknown fields; its code
 *   and `param` are those of the first.
 */
export function requestError(issues: readonly Issue[]): GatewayError {
  const isUnknown = ({ known }: Issue): boolean => known !== undefined;
  const ordered = [...issues.filter((issue) => !isUnknown(issue)), ...issues.filter(isUnknown)];
  const lines = ordered.slice(0, ISSUES_SHOWN_MAX).map(lineText);
  if (ordered.length > ISSUES_SHOWN_MAX) lines.push('and more');
  const code = ordered[0]?.known === undefined ? 'invalid_value' : 'unknown_parameter';
  const param = pathText(ordered[0]?.path ?? []);
  return new GatewayError(code, lines.join('; '), param === '' ? {} : { param });
}

function lineText({ path, message, known = [] }: Issue): string {
  const told = message ?? unknownField(String(path.at(-1)), known);
  return path.length === 0 ? told : `${pathText(path)}: ${told}`;
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
