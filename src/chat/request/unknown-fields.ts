// Fields that are not known here. At any depth they are left out and named, since
// clients send fields of many services. At the top level two kinds are refused instead:
// misspellings of a known field, and fields whose absence would change the answer.

import type { Config } from '../../config/config.ts';
import {
  IGNORED_PARAM_CHARS,
  IGNORED_PARAMS_MAX,
  ISSUES_SHOWN_MAX,
  UNKNOWN_FIELDS_MAX,
} from '../../config/limits.ts';
import { nearestName } from './did-you-mean.ts';
import { FIELDS } from './fields.ts';
import type { Issue } from './issues.ts';
import { isObject } from '../../lib/json.ts';
import { BOOKKEEPING_FIELDS, isForeignField, REFUSED_FIELDS } from './other-fields.ts';

type Settings = Pick<Config['chat'], 'extraParams' | 'unknownParams'>;

/**
 * @param body - a request's body, checked or not.
 * @returns the top-level fields that are refused.
 */
export function refusedFields(
  body: Readonly<Record<string, unknown>>,
  { extraParams, unknownParams }: Settings,
): Issue[] {
  const issues: Issue[] = [];
  const known = [...Object.keys(FIELDS), ...extraParams, ...REFUSED_FIELDS.keys()];
  let compared = 0;
  // Rejected: Object.entries, which makes 200,000 arrays for a body of 200,000 keys.
  for (const name in body) {
    if (issues.length > ISSUES_SHOWN_MAX) break;
    const value = body[name];
    if (value === null || Object.hasOwn(FIELDS, name) || extraParams.has(name)) continue;
    const refusal = REFUSED_FIELDS.get(name);
    if (refusal !== undefined) {
      if (!isEmpty(value)) issues.push({ path: [name], message: refusal, isUnknown: true });
      continue;
    }
    if (isBookkeeping(name) || (unknownParams === 'ignore' && isForeignField(name))) continue;
    if (++compared > UNKNOWN_FIELDS_MAX) {
      issues.push({ path: [], message: `expected at most ${UNKNOWN_FIELDS_MAX} unknown fields` });
      break;
    }
    const nearest = nearestName(name, known);
    if (nearest === undefined && unknownParams === 'ignore') continue;
    const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
    issues.push({ path: [name], message: `unknown field${hint}`, isUnknown: true });
  }
  return issues;
}

/**
 * @param given - a request's body, as it came.
 * @param known - the same with the fields that are known: what the check returned.
 * @returns the fields below the top level that are refused with UNKNOWN_PARAMS=refuse: all
 *   unknown ones.
 */
export function nestedUnknownFields(given: object, known: object): Issue[] {
  const issues: Issue[] = [];
  visitUnknown(given, known, [], (path) => {
    // Top-level ones: see refusedFields.
    if (path.length > 1) issues.push({ path, message: 'unknown field', isUnknown: true });
    return issues.length <= ISSUES_SHOWN_MAX;
  });
  return issues;
}

/**
 * @param given - as above.
 * @param known - as above.
 * @returns the fields that were left out, for a header: each path once, as
 *   `messages[].cache_control`, and at most IGNORED_PARAMS_MAX of them, then `...`.
 */
export function leftOutFields(given: object, known: object): string[] {
  const paths = new Set<string>();
  visitUnknown(given, known, [], (path) => {
    paths.add(headerPath(path));
    return paths.size <= IGNORED_PARAMS_MAX;
  });
  const listed = [...paths].slice(0, IGNORED_PARAMS_MAX);
  return paths.size > IGNORED_PARAMS_MAX ? [...listed, '...'] : listed;
}

/**
 * Calls `visit` with the path of every member that is in `given` and not in `known`, null
 * aside, until it returns false. The check leaves values that it sends as they are in
 * place, so what is identical is not looked into.
 * @returns whether to go on.
 */
function visitUnknown(
  given: unknown,
  known: unknown,
  path: readonly PropertyKey[],
  visit: (path: readonly PropertyKey[]) => boolean,
): boolean {
  if (Array.isArray(given) && Array.isArray(known)) {
    return given.every(
      (item, index) => item === known[index] || visitUnknown(item, known[index], [...path, index], visit),
    );
  }
  if (!isObject(given) || !isObject(known)) return true;
  for (const name in given) {
    const value = given[name];
    if (value === null || (Object.hasOwn(known, name) && value === known[name])) continue;
    const isKnown = Object.hasOwn(known, name);
    const here = [...path, name];
    if (!(isKnown ? visitUnknown(value, known[name], here, visit) : visit(here))) return false;
  }
  return true;
}

/** Commas, control characters and anything beyond ASCII are percent-encoded: the header stays a list. */
function headerPath(path: readonly PropertyKey[]): string {
  const text = path
    .map((step) => (typeof step === 'number' ? '[]' : `.${headerName(String(step))}`))
    .join('');
  return text.slice(1, 1 + IGNORED_PARAM_CHARS);
}

function headerName(name: string): string {
  return encodeURIComponent(name.slice(0, IGNORED_PARAM_CHARS).toWellFormed());
}

function isBookkeeping(name: string): boolean {
  return BOOKKEEPING_FIELDS.some((field) => field === name);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
