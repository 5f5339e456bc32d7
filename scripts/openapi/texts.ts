// The texts for each part of a request. They are not beside the schemas, because those
// are in the Worker's bundle.

import { BOOKKEEPING_FIELDS, REFUSED_FIELDS } from '../../src/chat/request/other-fields.ts';
import { CHOICES_MAX, JSON_DEPTH_MAX } from '../../src/config/limits.ts';

export interface Text {
  readonly description: string;
  /** For its own fields, and for the fields of objects in it (`image_url.url`). */
  readonly fields?: Readonly<Record<string, string>>;
}

const NAME = "The participant's name. StepFun's page does not document it; sent on.";
const TEXT_CONTENT = 'A text, or text parts, which are joined with line breaks.';
const HISTORY = 'Left out: a part of answers that clients send back.';
const DEPTH = `At most ${JSON_DEPTH_MAX} levels of nesting.`;

const ignored = Object.fromEntries(
  BOOKKEEPING_FIELDS.map((name) => [name, "Left out, and named in the answer's `X-Ignored-Params`."]),
);
const refused = Object.fromEntries(
  [...REFUSED_FIELDS].map(([name, reason]) => [name, `Refused unless empty or null: ${reason}.`]),
);

/** By the name of the component. */
export const TEXTS = {
  ChatCompletionRequest: {
    description: `What StepFun documents for this endpoint, and what OpenAI's SDKs send beyond it. \`null\` means absent.
Other fields, at any depth, are left out and named in the answer's \`X-Ignored-Params\`. The operator can have top-level
ones sent to StepFun (\`EXTRA_PARAMS\`), or all unknown ones refused (\`UNKNOWN_PARAMS\`). A top-level name that is
a misspelling of a known one is refused (\`unknown_parameter\`).`,
    fields: {
      ...ignored,
      ...refused,
      model: 'The name of the model. See `GET /v1/models`; the operator may allow fewer (`ALLOWED_MODELS`).',
      messages:
        'The conversation. A tool message answers a tool call of an earlier assistant message. Images, videos and sounds only for models that read them (`input_modalities` of `GET /v1/models`).',
      tools: 'The tools that the model may call.',
      max_tokens:
        'How many tokens each choice may have at most, the reasoning among them. By default as many as fit into the context. The operator may set a ceiling (`MAX_OUTPUT_TOKENS`): then it is lowered and named in `X-Adjusted-Params`.',
      temperature: "Higher is more varied, lower more focused. StepFun's default: 0.5.",
      top_p: "Only the most likely tokens, up to this probability in sum. StepFun's default: 0.9.",
      n: `The number of choices. Default: 1. The operator sets the ceiling (\`MAX_CHOICES\`: 5 unless set, at most ${CHOICES_MAX}).`,
      stream: 'Whether to answer with an event stream of chunks. Default: false.',
      stop: 'The model stops at this text, or at any of these texts.',
      frequency_penalty: "Higher values reduce repetition. StepFun's default: 0.",
      response_format: 'The form of the answer. Default: text.',
      reasoning_format:
        "The field of the answer that has the reasoning: `general`: `reasoning`; `deepseek-style` (or `deepseek`): `reasoning_content`; `hidden`: none. `auto` and `parsed`: as if it were absent. It takes precedence over the header `X-Reasoning-Format`; without either, the operator's `DEFAULT_REASONING_FORMAT` applies.",
      reasoning_effort:
        "How much the model reasons: `low`, `medium` or `high`; not every model takes every value. A model that takes none is called without it (`X-Ignored-Params`). Other services' values become the nearest that the model takes (`X-Adjusted-Params`): `none` and `minimal` become `low`, `xhigh` and `max` become `high`; `auto` is left out.",
      tool_choice:
        '`none`: call no tool; `auto`: the model decides; `required`: at least one; or the function of this name, which has to be one of `tools`. Sent only beside `tools`.',
      parallel_tool_calls: 'Whether the model may call several tools at once. Sent only beside `tools`.',
      seed: 'With the same seed, the model repeats its answer as far as it can.',
      presence_penalty: 'Higher values make the model use new words.',
      logprobs: 'Whether the answer has the probabilities of its tokens.',
      top_logprobs: 'The number of alternatives for each token. Only with `logprobs: true`.',
      modalities: 'The kinds of output.',
      audio: `The voice and the format of spoken output; sent on as it is. ${DEPTH}`,
      max_completion_tokens:
        "OpenAI's newer name for `max_tokens`. If both are present, they have to be equal.",
      stream_options:
        'The gateway serves it and does not send it on. Without `stream: true` it has no effect.',
      'stream_options.include_usage':
        'Whether the stream ends with a chunk that has the usage and no choices.',
      'stream_options.include_obfuscation': 'Has no effect: the gateway does not pad chunks.',
      'stream_options.continuous_usage_stats': 'Has no effect: the usage comes once, at the end.',
      reasoning: "OpenRouter's field for reasoning.",
      'reasoning.effort': 'The same as `reasoning_effort`. If both are present, they have to be equal.',
      'reasoning.exclude': 'true: the same as `reasoning_format: hidden`, and takes precedence over it.',
      'reasoning.enabled':
        'false: the lowest effort, and no reasoning in the answer, because StepFun cannot switch reasoning off (`X-Adjusted-Params`).',
      include_reasoning: 'false: the same as `reasoning_format: hidden`, and takes precedence over it.',
    },
  },

  Message: { description: 'One message of the conversation.' },
  SystemMessage: {
    description: 'Instructions for the model.',
    fields: { role: '`developer` is sent on as `system`.', content: TEXT_CONTENT, name: NAME },
  },
  UserMessage: {
    description: 'A message of the user.',
    fields: { role: 'Always `user`.', content: 'A text, or parts of several kinds.', name: NAME },
  },
  AssistantMessage: {
    description: 'An earlier answer of the model. It has `content` or at least one of `tool_calls`.',
    fields: {
      role: 'Always `assistant`.',
      content: `A text, or text and refusal parts, which are joined with line breaks. null beside tool calls.`,
      name: NAME,
      tool_calls: 'The calls of the model, which tool messages answer.',
      reasoning: 'Its reasoning, as `general` names it.',
      reasoning_content: 'Its reasoning, as `deepseek-style` names it.',
      audio: 'An earlier spoken answer. Without an id, it is left out.',
      'audio.id': 'Its id.',
      function_call: 'Deprecated by OpenAI: use `tool_calls`.',
      annotations: HISTORY,
      parsed: HISTORY,
      reasoning_details: HISTORY,
      refusal: HISTORY,
    },
  },
  ToolMessage: {
    description: 'The result of a function.',
    fields: {
      role: 'Always `tool`.',
      content: TEXT_CONTENT,
      tool_call_id:
        'The `id` of a tool call in an earlier assistant message. Without it, the message answers the next call that has no `id`.',
      name: NAME,
    },
  },

  ContentPart: { description: 'One part of a message of the user.' },
  TextPart: {
    description: 'Text.',
    fields: { type: 'Always `text`.', text: 'The text.' },
  },
  ImagePart: {
    description: 'An image, for models that read images.',
    fields: {
      type: 'Always `image_url`.',
      image_url: 'The image.',
      'image_url.url':
        'An http(s) URL, as the WHATWG URL standard reads it, without whitespace and backslashes; or a data URL of a jpeg, png, webp or gif image, without line breaks.',
      'image_url.detail':
        '`low` (the default, as `auto`): about 400 tokens. `high`: for large images and text in them.',
    },
  },
  VideoPart: {
    description: 'A video, for models that read videos.',
    fields: {
      type: 'Always `video_url`.',
      video_url: 'The video.',
      'video_url.url':
        'An http(s) URL, as the WHATWG URL standard reads it, of an mp4 of less than 128 MB. A path that has the suffix of another container (`.webm`) is refused.',
    },
  },
  AudioPart: {
    description: 'Sound, for models that read audio.',
    fields: {
      type: 'Always `input_audio`.',
      input_audio: 'The sound: a data URL, or bare base64 beside its format.',
      'input_audio.data': 'Sent on as a data URL.',
      'input_audio.format': 'The format of bare base64. It has no effect beside a data URL.',
    },
  },
  FilePart: {
    description: "An image, as OpenRouter's SDK sends it. StepFun takes no other files.",
    fields: {
      type: 'Always `file`.',
      file: 'The image.',
      'file.file_data': 'A data URL of a jpeg, png, webp or gif image, without line breaks.',
      'file.filename': 'Left out.',
    },
  },
  RefusalPart: {
    description: 'An earlier refusal of the model: sent on as text.',
    fields: { type: 'Always `refusal`.', refusal: 'The text.' },
  },
  ToolCall: {
    description: 'A call of the model.',
    fields: {
      id: 'The id that the tool message with its result has. A call without an id gets one.',
      type: 'Always `function`.',
      function: 'The called function.',
      'function.name': 'The name of the function.',
      'function.arguments': 'JSON, as the model wrote it.',
      'function.parsed_arguments': HISTORY,
      index: HISTORY,
    },
  },

  Tool: { description: 'A tool that the model may call.' },
  FunctionTool: {
    description: 'A function of the client.',
    fields: {
      type: 'Always `function`.',
      function: 'The description of the function for the model.',
      'function.name': 'Its name.',
      'function.description': 'What it does: the model decides with this text.',
      'function.parameters': `A JSON Schema of its parameters; sent on as it is, without keywords that are null. ${DEPTH}`,
      'function.strict': 'Whether the arguments have to match the schema exactly.',
    },
  },
  BuiltInTool: {
    description: `A tool of StepFun's own; sent on as it is. ${DEPTH}`,
    fields: { type: 'Which one.' },
  },
  ToolChoice: { description: 'The choice among the tools.' },
  ResponseFormat: { description: 'The form of the answer.' },

  SessionRequest: {
    description: 'Proof that a person uses the page.',
    fields: {
      turnstile_token: `The token of the page's Turnstile widget (its action is \`chat\`). It works once.`,
    },
  },
} as const satisfies Record<string, Text>;
