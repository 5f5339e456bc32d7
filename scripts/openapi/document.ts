// The API's description: OpenAPI 3.1. The gateway checks requests with the same schemas.
// The Worker does not import this file: scripts/openapi.ts writes a file that the Worker
// serves, so that the bundle does not grow.
//
// Pure: the same code makes the same document. https://spec.openapis.org/oas/v3.1.1

import packageJson from '../../package.json' with { type: 'json' };
import { ANSWER_SCHEMAS } from './answers.ts';
import { ERROR_EXAMPLES, ERROR_SCHEMAS } from './error-responses.ts';
import { HEADERS, PARAMETERS } from './headers.ts';
import type { Json } from './json-values.ts';
import { PATHS } from './paths.ts';
import { requestSchemas } from './requests.ts';

const DESCRIPTION = `${packageJson.description}

- Every answer carries \`X-Request-Id\` and, to pages of allowed origins, CORS headers. Preflights need no credentials.
- Every failure has the same error object. An unknown path is 404 \`not_found\`, another method 405 \`method_not_allowed\`
  with \`Allow\`. HEAD works wherever GET does.
- Names in capitals are settings of the operator; docs/settings.md describes them.`;

const TAGS = [
  { name: 'Chat', description: 'Ask a model.' },
  { name: 'Models', description: 'List the models.' },
  { name: 'Access', description: 'Begin sessions for the visitors of a page.' },
  { name: 'Service', description: 'The gateway itself.' },
];

const SECURITY_SCHEMES = {
  clientKey: bearer('A key from the operator (`CLIENT_KEYS` or `npm run clients`).'),
  userToken: {
    ...bearer("A token of the frontend's own users (`JWT_ISSUER`, `JWT_AUDIENCE`, `JWT_JWKS_URL`)."),
    bearerFormat: 'JWT',
  },
  session: bearer('The `token` of a browser session, see `POST /v1/session`.'),
  stepfunKey: bearer("The client's own StepFun key, with `UPSTREAM_KEY=client`."),
};

/** @returns the document, as plain JSON. */
export function openapiDocument(): Json {
  return {
    openapi: '3.1.1',
    info: {
      title: packageJson.name,
      version: packageJson.version,
      description: DESCRIPTION,
      license: { name: 'MIT License', identifier: packageJson.license },
    },
    // Relative: each deployment has its own address.
    servers: [{ url: '/' }],
    tags: TAGS,
    paths: PATHS,
    components: {
      schemas: { ...requestSchemas(), ...ANSWER_SCHEMAS, ...ERROR_SCHEMAS },
      parameters: PARAMETERS,
      headers: HEADERS,
      examples: ERROR_EXAMPLES,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

function bearer(description: string): Json {
  return { type: 'http', scheme: 'bearer', description };
}
