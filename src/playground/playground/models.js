// The models to pick from: StepFun's list as the gateway tells it, and what is
// known here for as long as it does not answer.

import { field, list, text } from './json.js';

/** @import { Model } from '../types.ts' */

const THREE_TIERS = ['low', 'medium', 'high'];

/** StepFun's chat models and their efforts, as its page on the chat API has them. */
export const KNOWN_MODELS = /** @type {const} @satisfies {readonly Model[]} */ ([
  { id: 'step-3.7-flash', efforts: THREE_TIERS, images: true },
  { id: 'step-3.5-flash', efforts: THREE_TIERS, images: false },
  { id: 'step-3.5-flash-2603', efforts: ['low', 'high'], images: false },
]);

/**
 * @param {unknown} answer - GET /v1/models: OpenAI's list, with the gateway's `reasoning_efforts`.
 * @returns {readonly Model[]} the known models where the answer has none.
 */
export function parseModels(answer) {
  const models = list(field(answer, 'data')).flatMap((item) => {
    const id = text(field(item, 'id'));
    return id === '' ? [] : [parseModel(id, item)];
  });
  return models.length > 0 ? models : KNOWN_MODELS;
}

/**
 * @param {string} id
 * @param {unknown} item
 * @returns {Model}
 */
function parseModel(id, item) {
  const known = KNOWN_MODELS.find((model) => model.id === id);
  const efforts = field(item, 'reasoning_efforts');
  const modalities = field(item, 'input_modalities');
  return {
    id,
    efforts: Array.isArray(efforts) ? efforts.map(text) : (known?.efforts ?? []),
    images: Array.isArray(modalities) ? modalities.includes('image') : (known?.images ?? null),
  };
}

/**
 * @param {Model} model
 * @param {string} wanted
 * @returns {string} the effort, if the model takes it; else '' (the model's own).
 */
export function effortFor(model, wanted) {
  return model.efforts.includes(wanted) ? wanted : '';
}
