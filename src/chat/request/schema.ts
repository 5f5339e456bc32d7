// The schema of a chat request: the API's description is made from it, and every
// request is checked with it, once.

import * as z from 'zod/mini';
import type { Config } from '../../config/config.ts';
import { ISSUES_SHOWN_MAX } from '../../config/limits.ts';
import { crossFieldIssues } from './cross-field.ts';
import { anything, object } from './field-types.ts';
import { type ChatBody, FIELDS } from './fields.ts';
import { type Issue, requestError, toIssues } from './issues.ts';
import { isObject } from '../../lib/json.ts';
import { leftOutFields, nestedUnknownFields, refusedFields } from './unknown-fields.ts';

/** Other checks run only on objects whose fields are all right: this one runs beside wrong ones. */
const crossFieldCheck = z.check<ChatBody>(
  ({ value, issues }) => {
    if (!isObject(value)) return;
    const wrong = new Set(issues.flatMap(({ path }) => path?.[0] ?? []));
    for (const { path, message } of crossFieldIssues(value, wrong)) {
      issues.push({ code: 'custom', path: [...path], message, input: value });
    }
  },
  { when: () => true },
);

export const chatRequestSchema = object(FIELDS).check(crossFieldCheck);

export interface CheckedRequest {
  readonly body: ChatBody;
  /** Fields that only EXTRA_PARAMS accepts. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Paths of the fields that were left out, for `X-Ignored-Params`. */
  readonly ignoredParams: readonly string[];
}

/**
 * @param value - any JSON value.
 * @param chat - the deployment's settings.
 * @param others - issues that were found elsewhere in the request.
 * @returns the fields that are known; nothing else of `value` reaches StepFun.
 * @throws {GatewayError} `invalid_value` or `unknown_parameter`, with everything that is wrong.
 */
export function checkRequest(value: unknown, chat: Config['chat'], others: readonly Issue[]): CheckedRequest {
  const { data, error } = z.safeParse(chatRequestSchema, value);
  const issues = (error?.issues ?? []).slice(0, ISSUES_SHOWN_MAX + 1).flatMap((issue) => toIssues(issue));
  if (!isObject(value)) throw requestError(issues);

  const extra = extraFields(value, chat.extraParams);
  for (const [name, field] of Object.entries(extra)) {
    const result = z.safeParse(anything, field);
    issues.push(...(result.error?.issues ?? []).flatMap((issue) => toIssues(issue, [name])));
  }
  const choices = value['n'];
  if (typeof choices === 'number' && choices > chat.maxChoices) {
    issues.push({ path: ['n'], message: `expected at most ${chat.maxChoices} here` });
  }
  issues.push(...others, ...refusedFields(value, chat));
  const known = { ...data, ...extra };
  if (data !== undefined && chat.unknownParams === 'refuse')
    issues.push(...nestedUnknownFields(value, known));
  if (data === undefined || issues.length > 0) throw requestError(issues);
  return { body: data, extra, ignoredParams: leftOutFields(value, known) };
}

function extraFields(body: Record<string, unknown>, extraParams: ReadonlySet<string>) {
  const names = [...extraParams].filter((name) => Object.hasOwn(body, name) && !Object.hasOwn(FIELDS, name));
  return Object.fromEntries(names.sort().map((name) => [name, body[name]]));
}
