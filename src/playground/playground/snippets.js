// The request as code: curl, and the `openai` client in JavaScript and Python.
//
// Pure. No snippet has a key: it reads $GATEWAY_KEY.

/** @import { ChatRequest, Target } from '../types.ts' */

/** Linux takes 128 KiB in one argument (MAX_ARG_STRLEN), which an image exceeds. */
const ARGUMENT_CHARS_MAX = 100_000;

/**
 * @param {ChatRequest} request
 * @param {Target} target
 * @returns {string} for sh, bash and zsh.
 */
export function curlSnippet(request, { baseUrl, needsKey }) {
  const json = JSON.stringify(request, null, 2);
  const lines = [
    `curl ${request.stream ? '-N ' : ''}${shellQuote(`${baseUrl}/chat/completions`)}`,
    `  -H 'Content-Type: application/json'`,
    ...(needsKey ? ['  -H "Authorization: Bearer $GATEWAY_KEY"'] : []),
  ];
  const body =
    json.length > ARGUMENT_CHARS_MAX
      ? // No line of the JSON equals the end mark: its strings have no line breaks.
        `  --data-binary @- <<'END'\n${json}\nEND`
      : `  -d ${shellQuote(json)}`;
  return [...lines, body].join(' \\\n');
}

/**
 * @param {ChatRequest} request
 * @param {Target} target
 * @returns {string} an ES module.
 */
export function javaScriptSnippet(request, { baseUrl, needsKey }) {
  const { stream } = request;
  const key = needsKey ? 'process.env.GATEWAY_KEY' : `'none' /* this gateway needs none */`;
  return `import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: ${JSON.stringify(baseUrl)},
  apiKey: ${key},
});

const ${stream ? 'stream' : 'completion'} = await client.chat.completions.create(${JSON.stringify(request, null, 2)});

${
  stream
    ? `for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '');
}`
    : 'console.log(completion.choices[0].message.content);'
}
`;
}

/**
 * @param {ChatRequest} request
 * @param {Target} target
 * @returns {string}
 */
export function pythonSnippet({ reasoning_format, ...request }, { baseUrl, needsKey }) {
  const key = needsKey ? 'os.environ["GATEWAY_KEY"]' : '"none",  # this gateway needs none';
  const fields = Object.entries(request).map(([name, value]) => `    ${name}=${python(value, '    ')},`);
  return `${needsKey ? 'import os\n\n' : ''}from openai import OpenAI

client = OpenAI(
    base_url=${python(baseUrl, '')},
    api_key=${key}${needsKey ? ',' : ''}
)

${request.stream ? 'stream' : 'completion'} = client.chat.completions.create(
${fields.join('\n')}
    extra_body={"reasoning_format": ${python(reasoning_format, '')}},
)
${
  request.stream
    ? `for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)`
    : 'print(completion.choices[0].message.content)'
}
`;
}

/**
 * For reading, not for copying: base64 is left out.
 * @param {string} snippet
 */
export function withoutBase64(snippet) {
  return snippet.replace(/(data:[a-z]+\/[a-z\d]+;base64,[\w+/]{16})[\w+/=]+/g, '$1…');
}

/** @param {string} text */
function shellQuote(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * @param {unknown} value - of JSON.
 * @param {string} indent
 * @returns {string} a Python literal; JSON's strings and numbers are Python's, too.
 */
function python(value, indent) {
  const inner = `${indent}    `;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => `${inner}${python(item, inner)},\n`).join('')}${indent}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).map(
      ([name, item]) => `${JSON.stringify(name)}: ${python(item, inner)}`,
    );
    return `{${items.join(', ')}}`;
  }
  return JSON.stringify(value) ?? 'None';
}
