// The schemas of the API's description, as an independent validator reads them.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { openapiDocument } from '../../../scripts/openapi/document.ts';

/** The keywords of JSON Schema that the tests use. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly description?: string;
}

export interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly schemas: Record<string, Schema>;
    readonly headers: Record<string, { readonly schema: Schema }>;
    readonly parameters: Record<string, { readonly name: string; readonly schema: Schema }>;
    readonly examples: Record<string, { readonly value?: unknown }>;
  };
}

export interface Operation {
  readonly parameters?: readonly { readonly $ref?: string; readonly name?: string }[];
  readonly requestBody?: { readonly content: Record<string, Content> };
  readonly responses: Record<string, Answer>;
}

export interface Answer {
  readonly headers?: Record<string, unknown>;
  readonly content?: Record<string, Content>;
}

export interface Content {
  readonly schema: Schema;
  readonly example?: unknown;
  readonly examples?: Record<string, { readonly $ref?: string; readonly value?: unknown }>;
}

/** As readers get it: JSON. */
export const description = JSON.parse(JSON.stringify(openapiDocument())) as Description;

const DOCUMENT = 'openapi.json';
const known = new Map<string, ValidateFunction>();

// Strict, so that a misspelt keyword is an error; but a rule may use a field without repeating its type.
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
ajv.addKeyword('components');
ajv.addSchema({ $id: DOCUMENT, components: description.components });

/** @returns a function that checks a value against a schema that refers to the document's components. */
export function validator(schema: Schema): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/', `"${DOCUMENT}#/`);
  const compiled = known.get(text) ?? ajv.compile(JSON.parse(text) as Schema);
  known.set(text, compiled);
  return compiled;
}

/** The same for a component, by name. */
export function componentValidator(name: string): ValidateFunction {
  return validator({ $ref: `#/components/schemas/${name}` });
}
