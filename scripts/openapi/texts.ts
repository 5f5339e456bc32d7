// What is said of each part of a request. It stands here and not beside the schemas,
// since these are in the Worker, where every byte is paid for.

import { IGNORED_FIELDS, REFUSED_FIELDS } from '../../src/chat/request/fields.ts';
import { CHOICES_MAX, JSON_DEPTH_MAX } from '../../src/config/limits.ts';

export interface Text {
  readonly description: string;
  /** Of its own fields, and of those of objects in it (`image_url.url`). */
  readonly fields?: Readonly<Record<string, string>>;
}

const NAME = "Tells apart those who speak in the same role. StepFun's page does not name it; sent on.";
const TEXT_CONTENT = 'A text, or text parts, which are joined by line breaks.';
const HISTORY = 'Left out: clients send it back as they got it.';
const DEPTH = `At most ${JSON_DEPTH_MAX} levels of nesting.`;

const ignored = Object.fromEntries(
  IGNORED_FIELDS.map((name) => [name, `Left out, and named in the answer's \`X-Ignored-Params\`. ${DEPTH}`]),
);
const refused = Object.fromEntries(
  [...REFUSED_FIELDS].map(([name, reason]) => [name, `Refused unless null: ${reason}.`]),
);

/** By the name of the component. */
export const TEXTS = {
  ChatCompletionRequest: {
    description: `What StepFun documents for this endpoint, and what OpenAI's SDKs send beside it. \`null\` stands for absence.
A field that does not stand here is refused (\`unknown_parameter\`), unless the operator lets it through (\`EXTRA_PARAMS\`).`,
    fields: {
      ...ignored,
      ...refused,
      model: 'The name of the model. See `GET /v1/models`; the operator may allow fewer (`ALLOWED_MODELS`).',
      messages:
        'The conversation so far. A tool message answers a tool call of an earlier assistant message.',
      tools: 'What the model may call.',
      max_tokens:
        'How many tokens each choice may have at most, the reasoning among them. By default as many as the context has room for; the operator may set a ceiling (`MAX_OUTPUT_TOKENS`), to which it is lowered.',
      temperature: "Higher is more varied, lower more focused. StepFun's default: 0.5.",
      top_p: "Only the likeliest tokens, up to this probability together. StepFun's default: 0.9.",
      n: `How many choices to make. Default: 1. The operator sets the ceiling (\`MAX_CHOICES\`: 5 unless set, at most ${CHOICES_MAX}).`,
      stream: 'Whether to answer with an event stream of chunks. Default: false.',
      stop: 'Where to stop: at this text, or at any of these.',
      frequency_penalty: "Against repetition. StepFun's default: 0.",
      response_format: 'Text by default, JSON if asked for.',
      reasoning_format:
        "Where the reasoning stands in the answer: `general` in `reasoning`, `deepseek-style` in `reasoning_content`, `hidden` nowhere. It wins over the header `X-Reasoning-Format`; without either, the operator's `DEFAULT_REASONING_FORMAT` holds.",
      reasoning_effort: 'How much the model reasons. Not every model takes every value.',
      tool_choice:
        'Which tool to call: none, whichever fits, at least one, or the function of this name, which has to be one of `tools`.',
      parallel_tool_calls: 'Whether the model may call several tools at once.',
      seed: 'For answers that can be repeated, as far as the model is able to.',
      presence_penalty: 'Against words that have been used at all.',
      logprobs: 'Whether to tell the probabilities of tokens.',
      top_logprobs: 'So many alternatives for each token. Only with `logprobs: true`.',
      modalities: 'What kinds of output are wanted.',
      audio: `How spoken output shall sound; sent on as it is. ${DEPTH}`,
      max_completion_tokens:
        "OpenAI's newer name for `max_tokens`. If both are there, they have to be the same.",
      stream_options: 'Only with `stream: true`. Served by the gateway, not sent on.',
      'stream_options.include_usage':
        'Whether the usage shall stand in a last chunk of its own, without choices.',
      'stream_options.include_obfuscation': 'Has no effect: nothing is padded here.',
      'stream_options.continuous_usage_stats': 'Has no effect: the usage comes once, with the end.',
      reasoning: "OpenRouter's way to ask for reasoning.",
      'reasoning.effort': 'The same as `reasoning_effort`. If both are there, they have to be the same.',
      'reasoning.exclude': 'true is the same as `reasoning_format: hidden`, and wins over it.',
      'reasoning.enabled': 'These models always reason.',
      include_reasoning: 'false is the same as `reasoning_format: hidden`, and wins over it.',
    },
  },

  Message: { description: 'One message of the conversation.' },
  SystemMessage: {
    description: 'What the model shall keep to.',
    fields: { role: '`developer` is sent on as `system`.', content: TEXT_CONTENT, name: NAME },
  },
  UserMessage: {
    description: 'What the user said or showed.',
    fields: { role: 'Always `user`.', content: 'A text, or parts of several kinds.', name: NAME },
  },
  AssistantMessage: {
    description: 'What the model answered before. It has `content` or at least one of `tool_calls`.',
    fields: {
      role: 'Always `assistant`.',
      content: `${TEXT_CONTENT} null beside tool calls.`,
      name: NAME,
      tool_calls: 'What the model called, to be answered by tool messages.',
      reasoning: 'Its reasoning, as `general` names it.',
      reasoning_content: 'Its reasoning, as `deepseek-style` names it.',
      audio: 'An earlier spoken answer.',
      'audio.id': 'Its id.',
      function_call: 'Deprecated by OpenAI: use `tool_calls`.',
      annotations: HISTORY,
      parsed: HISTORY,
      reasoning_details: HISTORY,
      refusal: HISTORY,
    },
  },
  ToolMessage: {
    description: "A function's result.",
    fields: {
      role: 'Always `tool`.',
      content: TEXT_CONTENT,
      tool_call_id: 'The `id` of a tool call in an earlier assistant message.',
      name: NAME,
    },
  },

  ContentPart: { description: 'One part of what a user said or showed.' },
  TextPart: {
    description: 'Text.',
    fields: { type: 'Always `text`.', text: 'The text.', cache_control: 'Left out.' },
  },
  ImagePart: {
    description: 'An image, for models that see.',
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
    description: 'A video, for models that see.',
    fields: {
      type: 'Always `video_url`.',
      video_url: 'The video.',
      'video_url.url':
        'An http(s) URL, as the WHATWG URL standard reads it, of an mp4 of less than 128 MB. A path that ends in the name of another container (`.webm`) is refused.',
    },
  },
  AudioPart: {
    description: 'Sound, for models that listen.',
    fields: {
      type: 'Always `input_audio`.',
      input_audio: 'The sound: a data URL, or bare base64 beside its format.',
      'input_audio.data': 'Sent on as a data URL.',
      'input_audio.format': 'What bare base64 is; without say beside a data URL.',
    },
  },
  ToolCall: {
    description: 'A call that the model asked for.',
    fields: {
      id: 'The id by which a tool message answers it.',
      type: 'Always `function`.',
      function: 'What was called.',
      'function.name': 'The name of the function.',
      'function.arguments': 'JSON, as the model wrote it.',
      'function.parsed_arguments': HISTORY,
      index: HISTORY,
    },
  },

  Tool: { description: 'A tool that the model may call.' },
  FunctionTool: {
    description: "A function of the client's.",
    fields: {
      type: 'Always `function`.',
      function: 'What the model has to know of it.',
      'function.name': 'Its name.',
      'function.description': 'What it does: the model decides by that.',
      'function.parameters': `A JSON Schema of its parameters; sent on as it is. ${DEPTH}`,
      'function.strict': 'Whether the arguments have to follow the schema to the letter.',
    },
  },
  BuiltInTool: {
    description: `A tool of StepFun's own; sent on as it is. ${DEPTH}`,
    fields: { type: 'Which one.' },
  },
  ToolChoice: { description: 'Which tool to call.' },
  ResponseFormat: { description: 'What form the answer shall have.' },

  SessionRequest: {
    description: 'Proof that a person sits in front of the page.',
    fields: {
      turnstile_token: `What the page's Turnstile widget gave it (its action is \`chat\`). It works once.`,
    },
  },
} as const satisfies Record<string, Text>;
