// Checks that involve several fields, or a field and the model.

import { ISSUES_SHOWN_MAX } from '../../config/limits.ts';
import {
  lacksInput,
  modelsThatRead,
  REASONING_EFFORTS,
  reasoningEfforts,
  type Input,
} from '../../upstream/models.ts';
import type { ChatBody } from './fields.ts';
import type { Issue } from './issues.ts';
import type { ContentPart, Message } from './messages.ts';
import { pairToolCalls } from './tool-call-ids.ts';

/**
 * @param body - a request's body as far as its fields are right by themselves.
 * @param wrong - the names of top-level fields that are wrong or missing: a check is
 *   skipped if one of its fields is among them.
 * @returns what contradicts something else in the request, or its model.
 */
export function crossFieldIssues(body: object, wrong: ReadonlySet<PropertyKey>): Issue[] {
  const issues: Issue[] = [];
  const has = <K extends keyof ChatBody>(_: object, ...fields: K[]): _ is Pick<ChatBody, K> =>
    !fields.some((field) => wrong.has(field));
  const report = (message: string, ...path: PropertyKey[]): void => void issues.push({ path, message });

  if (has(body, 'messages')) issues.push(...unmatchedAnswers(body.messages));
  if (has(body, 'model', 'messages')) issues.push(...unreadableMedia(body.model, body.messages));
  if (
    has(body, 'max_tokens', 'max_completion_tokens') &&
    differ(body.max_tokens, body.max_completion_tokens)
  ) {
    report('expected the same as max_tokens, or only one of the two', 'max_completion_tokens');
  }
  if (has(body, 'model', 'reasoning_effort', 'reasoning')) {
    const { model, reasoning_effort: named, reasoning } = body;
    if (differ(named, reasoning?.effort)) {
      report('expected the same as reasoning_effort, or only one of the two', 'reasoning', 'effort');
    }
    const effort = REASONING_EFFORTS.find((known) => known === (named ?? reasoning?.effort));
    const taken = reasoningEfforts(model);
    // A model that takes none is asked without it.
    if (effort !== undefined && taken.length > 0 && !taken.includes(effort)) {
      const message = `expected ${taken.join(' or ')}: ${model} takes no other`;
      report(message, ...(named ? ['reasoning_effort'] : ['reasoning', 'effort']));
    }
  }
  if (has(body, 'top_logprobs', 'logprobs') && typeof body.top_logprobs === 'number' && !body.logprobs) {
    report('expected only with logprobs: true', 'top_logprobs');
  }
  if (has(body, 'tool_choice', 'tools')) {
    const { tool_choice: choice, tools } = body;
    if (choice === 'required' && !tools?.length) report('expected tools to choose from', 'tool_choice');
    if (typeof choice === 'object' && choice !== null) {
      const { name } = choice.function;
      if (!tools?.some((tool) => tool.type === 'function' && tool.function.name === name)) {
        report('expected the name of one of the tools', 'tool_choice', 'function', 'name');
      }
    }
  }
  return issues;
}

/** A tool message has to answer a call of an earlier assistant message. */
function unmatchedAnswers(messages: readonly Message[]): Issue[] {
  return pairToolCalls(messages)
    .unmatched.slice(0, ISSUES_SHOWN_MAX + 1)
    .map((index) => ({
      path: ['messages', index, 'tool_call_id'],
      message: 'expected the id of a tool call in an earlier assistant message',
    }));
}

const INPUTS: Readonly<Record<ContentPart['type'], Input>> = {
  text: 'text',
  image_url: 'image',
  file: 'image',
  video_url: 'video',
  input_audio: 'audio',
};

/** Refused before StepFun is asked: a model that is known not to read such a part. */
function unreadableMedia(model: string, messages: readonly Message[]): Issue[] {
  const issues: Issue[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    if (issues.length > ISSUES_SHOWN_MAX) break;
    if (role !== 'user' || typeof content === 'string') continue;
    for (const [place, { type }] of content.entries()) {
      const input = INPUTS[type];
      if (!lacksInput(model, input)) continue;
      const message = `${model} takes no ${input} input: use ${modelsThatRead(input).join(', ')}`;
      issues.push({ path: ['messages', index, 'content', place], message });
    }
  }
  return issues;
}

/** null and absence match any value. */
function differ<T>(one: T | null | undefined, other: T | null | undefined): boolean {
  return (one ?? null) !== null && (other ?? null) !== null && one !== other;
}
