// The settings: a panel beside the conversation where there is room, a dialog where there is none.
// It is one form in both cases.

import { byId, closeOnBackdrop, h } from './dom.js';
import { effortFor } from './models.js';
import { optionsProblem } from './request-options.js';
import { DEFAULTS, loadSettings, parseSettings, saveSettings } from './settings.js';

/**
 * @import { Model, Settings } from '../types.ts'
 */

/** As in layout.css. */
const NARROW = '(max-width: 60rem)';

/** @type {Readonly<Record<Settings['format'], string>>} */
const FORMAT_NOTES = {
  general: 'The reasoning comes as “reasoning”, which OpenRouter’s clients read.',
  'deepseek-style': 'The reasoning comes as “reasoning_content”, which DeepSeek’s clients read.',
  hidden: 'The reasoning never leaves the gateway.',
};

/** The settings under “More options”. @type {readonly (keyof Settings)[]} */
const MORE = ['topP', 'choices', 'stop', 'output', 'tools'];

export class SettingsView {
  #form = byId('settings', HTMLFormElement);
  #model = byId('model', HTMLSelectElement);
  #compareWith = byId('compareWith', HTMLSelectElement);
  #sheet = byId('sheet', HTMLDialogElement);

  /**
   * @param {readonly Model[]} models
   * @param {{ changed: () => void }} events
   */
  constructor(models, events) {
    this.models = models;
    this.events = events;
    this.settings = loadSettings();
    this.setModels(models);
    this.#form.addEventListener('submit', (event) => event.preventDefault());
    this.#form.addEventListener('input', ({ target }) => {
      if (target instanceof Element && target.closest('.access') !== null) return;
      this.#read();
      events.changed();
    });
    this.#form.addEventListener('reset', (event) => {
      event.preventDefault();
      this.change(DEFAULTS);
    });
    this.#offerExamples();
    this.#moveWhereThereIsRoom();
  }

  /** @returns {Model} the one picked, or the first where that one isn't offered. */
  get model() {
    const model = this.#find(this.settings.model) ?? this.models[0];
    if (model === undefined) throw new Error('no models');
    return model;
  }

  /** @returns {readonly Model[]} one, or two side by side. */
  get columns() {
    const second = this.#find(this.settings.compareWith);
    return second === undefined ? [this.model] : [this.model, second];
  }

  /** @param {string} id */
  #find(id) {
    return this.models.find((model) => model.id === id);
  }

  /** @param {readonly Model[]} models - not empty. */
  setModels(models) {
    this.models = models;
    const options = () => models.map(({ id }) => h('option', { value: id }, id));
    this.#model.replaceChildren(...options());
    this.#compareWith.replaceChildren(h('option', { value: '' }, 'Nothing'), ...options());
    this.#show();
  }

  /** @param {Partial<Settings>} changes */
  change(changes) {
    this.settings = { ...this.settings, ...changes };
    saveSettings(this.settings);
    this.#show();
    this.events.changed();
  }

  open() {
    if (this.#sheet.contains(this.#form) && !this.#sheet.open) this.#sheet.showModal();
  }

  close() {
    if (this.#sheet.open) this.#sheet.close();
  }

  /** Brings the visitor to the model and what belongs to it. */
  askForModel() {
    this.open();
    this.#model.focus();
  }

  /** @returns {string} why no request can be sent; '' where nothing is wrong. */
  get problem() {
    return optionsProblem(this.settings)?.message ?? '';
  }

  #read() {
    const data = new FormData(this.#form);
    this.settings = parseSettings({ ...Object.fromEntries(data), stream: data.has('stream') });
    saveSettings(this.settings);
    this.#showNotes();
  }

  #show() {
    const { settings } = this;
    const values = Object.entries({ ...settings, model: this.model.id });
    for (const [name, value] of values) {
      const element = this.#form.elements.namedItem(name);
      if (element instanceof HTMLInputElement && element.type === 'checkbox')
        element.checked = value === true;
      else if (
        element instanceof HTMLInputElement ||
        element instanceof HTMLSelectElement ||
        element instanceof HTMLTextAreaElement
      ) {
        element.value = value === null ? '' : String(value);
      }
    }
    const isMoreUsed = MORE.some((name) => settings[name] !== DEFAULTS[name]);
    if (isMoreUsed) byId('more', HTMLDetailsElement).open = true;
    this.#showNotes();
  }

  #showNotes() {
    const { efforts } = this.model;
    const { settings } = this;
    for (const radio of this.#form.querySelectorAll('input[name="effort"]')) {
      if (!(radio instanceof HTMLInputElement)) continue;
      const isTaken = radio.value === '' || efforts.includes(radio.value);
      radio.disabled = !isTaken;
      if (radio.parentElement !== null) radio.parentElement.hidden = !isTaken;
      radio.checked = radio.value === effortFor(this.model, settings.effort);
    }
    byId('efforts-note', HTMLElement).textContent =
      efforts.length === 0
        ? 'This model takes no reasoning effort.'
        : efforts.length < 3
          ? `This model takes ${efforts.join(' and ')}.`
          : '';
    byId('model-name', HTMLElement).textContent = this.columns.map(({ id }) => id).join(' + ');
    byId('format-note', HTMLElement).textContent = FORMAT_NOTES[settings.format];
    byId('temperature-value', HTMLOutputElement).value = settings.temperature.toFixed(1);
    byId('schema-setting', HTMLElement).hidden = settings.output !== 'schema';
    const problem = optionsProblem(settings);
    for (const name of /** @type {const} */ (['schema', 'tools'])) {
      byId(`${name}-note`, HTMLElement).textContent = problem?.setting === name ? problem.message : '';
    }
  }

  #offerExamples() {
    for (const button of this.#form.querySelectorAll('button[data-example]')) {
      button.addEventListener(
        'click',
        () => void this.#fillExample(button.getAttribute('data-example') ?? ''),
      );
    }
    byId('output', HTMLSelectElement).addEventListener('change', () => {
      if (this.settings.output === 'schema' && this.settings.schema === '') void this.#fillExample('schema');
    });
  }

  /** @param {string} name */
  async #fillExample(name) {
    const { SCHEMA_EXAMPLE, TOOL_EXAMPLES } = await import('./examples.js');
    const isSchema = name === 'schema';
    const text = JSON.stringify(isSchema ? SCHEMA_EXAMPLE : TOOL_EXAMPLES[name], null, 2);
    this.change(isSchema ? { schema: text } : { tools: text });
  }

  #moveWhereThereIsRoom() {
    const narrow = matchMedia(NARROW);
    const move = () => {
      this.close();
      byId(narrow.matches ? 'sheet-body' : 'panel', HTMLElement).append(this.#form);
    };
    narrow.addEventListener('change', move);
    move();
    byId('settings-open', HTMLButtonElement).addEventListener('click', () => this.open());
    byId('model-open', HTMLButtonElement).addEventListener('click', () => this.askForModel());
    closeOnBackdrop(this.#sheet);
  }
}
