// Every route of the gateway: its requests and its answers.

import {
  REQUEST_EXAMPLES,
  COMPLETION_EXAMPLES,
  EVENT_EXAMPLES,
  MODEL_EXAMPLE,
  USAGE_EXAMPLE,
} from './examples.ts';
import { errorResponses } from './error-responses.ts';
import { BUDGET_HEADERS, EVERY_ANSWER, headers, parameters } from './headers.ts';
import { type Json, ref } from './json-values.ts';

/** Any of these is enough; `{}`: the operator allows anonymous access (`ANONYMOUS_ACCESS`). */
const SECURITY = [{ clientKey: [] }, { userToken: [] }, { session: [] }, { stepfunKey: [] }, {}];
const NO_SECURITY: Json[] = [];

const CHAT_HEADERS = headers(
  ...EVERY_ANSWER,
  'Cache-Status',
  'Age',
  'X-Ignored-Params',
  'X-Adjusted-Params',
  'X-Upstream-Attempts',
  'X-Queue-Ms',
  'X-Accel-Buffering',
  ...BUDGET_HEADERS,
);

export const PATHS: Readonly<Record<string, Json>> = {
  '/v1/chat/completions': {
    post: {
      operationId: 'createChatCompletion',
      tags: ['Chat'],
      summary: 'Ask a model',
      description: "OpenAI's chat completions, answered by StepFun or from the gateway's cache.",
      security: SECURITY,
      parameters: parameters('X-Reasoning-Format', 'Cache-Control', 'X-Cache-TTL', 'X-Request-Id'),
      requestBody: {
        required: true,
        description: 'UTF-8, not compressed, and not larger than the operator allows (`MAX_BODY_BYTES`).',
        content: json('ChatCompletionRequest', { examples: REQUEST_EXAMPLES }),
      },
      responses: {
        '200': {
          description: `The answer: a completion, or with \`stream: true\` as events (Server-Sent Events of the HTML standard).

The schema of \`text/event-stream\` is that of one event's data. An event is \`data: \`, its JSON and an empty line; a line that
begins with \`:\` is a comment that keeps the connection open. A complete stream ends with \`data: [DONE]\`. A stream that failed
ends with an error as its last event, and without \`[DONE]\`.`,
          headers: CHAT_HEADERS,
          content: {
            ...json('ChatCompletion', { examples: COMPLETION_EXAMPLES }),
            'text/event-stream': {
              schema: { anyOf: [ref('schemas', 'ChatCompletionChunk'), ref('schemas', 'Error')] },
              examples: EVENT_EXAMPLES,
            },
          },
        },
        ...errorResponses('chat'),
      },
    },
  },

  '/v1/models': {
    get: {
      operationId: 'listModels',
      tags: ['Models'],
      summary: 'List the models',
      description:
        "StepFun's models, limited to those that are allowed here. If StepFun does not answer: its last list, or the documented models.",
      security: SECURITY,
      parameters: parameters('X-Request-Id'),
      responses: {
        '200': ok('The list.', json('ModelList', { example: { object: 'list', data: [MODEL_EXAMPLE] } })),
        ...errorResponses('models'),
      },
    },
  },
  '/v1/models/{id}': {
    get: {
      operationId: 'getModel',
      tags: ['Models'],
      summary: 'Get one model',
      security: SECURITY,
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'string' }, example: MODEL_EXAMPLE.id },
        ...parameters('X-Request-Id'),
      ],
      responses: {
        '200': ok('The model.', json('Model', { example: MODEL_EXAMPLE })),
        ...errorResponses('model'),
      },
    },
  },

  '/v1/usage': {
    get: {
      operationId: 'getUsage',
      tags: ['Access'],
      summary: "Get the caller's token budget",
      description: "Today's budget of the caller; a day ends at 0:00 UTC.",
      security: SECURITY,
      parameters: parameters('X-Request-Id'),
      responses: {
        '200': ok('The usage.', json('ClientUsage', { example: USAGE_EXAMPLE })),
        ...errorResponses('usage'),
      },
    },
  },

  '/v1/session': {
    post: {
      operationId: 'createSession',
      tags: ['Access'],
      summary: 'Begin a browser session',
      description: `For pages without a secret: exchanges a Turnstile token for a credential of a few minutes. The \`Origin\` that
browsers send has to be allowed, and the session is valid for it only. 404 if the operator has not set sessions up.`,
      security: NO_SECURITY,
      parameters: parameters('X-Request-Id'),
      requestBody: {
        required: true,
        content: json('SessionRequest', { example: { turnstile_token: 'XXXX.DUMMY.TOKEN.XXXX' } }),
      },
      responses: {
        '200': ok(
          'The session.',
          json('Session', { example: { token: 'sess_eyJ….Zm8…', expires_at: 1_709_894_011 } }),
        ),
        ...errorResponses('session'),
      },
    },
  },

  '/healthz': {
    get: {
      operationId: 'getHealth',
      tags: ['Service'],
      summary: 'Check whether the gateway can serve',
      description: 'StepFun is not called.',
      security: NO_SECURITY,
      parameters: parameters('X-Request-Id'),
      responses: {
        '200': ok('It can serve.', json('Health', { example: health('ok', 'valid') })),
        '503': ok(
          'A setting is missing or wrong.',
          json('Health', { example: health('not_serving', 'invalid') }),
        ),
      },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'getDescription',
      tags: ['Service'],
      summary: 'Get this description',
      security: NO_SECURITY,
      parameters: parameters('If-None-Match', 'X-Request-Id'),
      responses: {
        '200': file('application/json', { type: 'object' }, 'ETag'),
        '304': { description: 'It has not changed.', headers: headers(...EVERY_ANSWER, 'ETag') },
        ...errorResponses('openapi'),
      },
    },
  },
  '/': {
    get: {
      operationId: 'getPlayground',
      tags: ['Service'],
      summary: 'Open the playground',
      description: 'A page to try the gateway. 404 with `PLAYGROUND=off`.',
      security: NO_SECURITY,
      parameters: parameters('X-Request-Id'),
      responses: { '200': file('text/html', { type: 'string' }), ...errorResponses('playground') },
    },
  },
};

function json(schema: string, more: Json): Json {
  return { 'application/json': { schema: ref('schemas', schema), ...more } };
}

function ok(description: string, content: Json): Json {
  return { description, headers: headers(...EVERY_ANSWER), content };
}

function file(type: string, schema: Json, ...more: string[]): Json {
  return {
    description: 'The file.',
    headers: headers(...EVERY_ANSWER, 'Content-Security-Policy', ...more),
    content: { [type]: { schema } },
  };
}

function health(status: string, configuration: string): Json {
  const access = configuration === 'valid' ? 'configured' : 'unknown';
  return { status, version: '0.2.0', configuration, access };
}
