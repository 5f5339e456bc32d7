// Where a question is written: text, images (picked, pasted, dropped), the keys.

import { announce, byId, h, icon } from './dom.js';

/** @import { Image, Question } from '../types.ts' */

/**
 * @typedef {object} Events
 * @property {(question: Question, replaces: number | null) => void} send - `replaces`: the
 *   exchange that is edited, by its position.
 * @property {() => void} stop
 * @property {() => void} editLast
 * @property {() => void} imagesChanged
 */

export class Composer {
  #prompt = byId('prompt', HTMLTextAreaElement);
  #thumbs = byId('thumbs', HTMLElement);
  #note = byId('composer-note', HTMLElement);
  #editing = byId('editing', HTMLElement);
  /** @type {Image[]} */
  #images = [];
  /** The exchange that is edited, by its position. @type {number | null} */
  replaces = null;
  #isBusy = false;

  /** @param {Events} events */
  constructor(events) {
    this.events = events;
    const form = byId('composer', HTMLFormElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#isBusy) events.stop();
      else this.#send();
    });
    // The second click of a double click on Send would stop at once.
    byId('send', HTMLButtonElement).addEventListener('click', (event) => {
      if (event.detail > 1) event.preventDefault();
    });
    this.#prompt.addEventListener('keydown', (event) => this.#onKey(event));
    this.#prompt.addEventListener('input', () => this.#fit());
    byId('editing-cancel', HTMLButtonElement).addEventListener('click', () => this.clear());
    this.#takeImages();
  }

  /** @returns {Question} what stands there now. */
  get question() {
    return { text: this.#prompt.value.trim(), images: this.#images };
  }

  /** Ready to write; but a touch keyboard that comes up by itself hides half of the page. */
  focus() {
    if (matchMedia('(pointer: fine)').matches) this.#prompt.focus();
    else this.#prompt.blur();
  }

  /** Empty, ready for the next question. */
  clear() {
    this.#show({ text: '', images: [] }, null);
  }

  /**
   * @param {Question} question
   * @param {number} position - of the exchange it is edited in.
   */
  edit(question, position) {
    this.#show(question, position);
    this.#prompt.focus();
    this.#prompt.setSelectionRange(question.text.length, question.text.length);
  }

  /** @param {boolean} isBusy - an answer is under way: the button stops it. */
  setBusy(isBusy) {
    this.#isBusy = isBusy;
    byId('send-label', HTMLElement).textContent = isBusy ? 'Stop' : 'Send';
    byId('send-icon', SVGElement).setAttribute('href', isBusy ? '#icon-stop' : '#icon-send');
    byId('send', HTMLButtonElement).classList.toggle('stops', isBusy);
  }

  /** @param {string} words - what keeps the question from being sent; '' for nothing. */
  say(words) {
    this.#note.textContent = words;
  }

  /**
   * @param {Question} question
   * @param {number | null} replaces
   */
  #show({ text, images }, replaces) {
    this.#prompt.value = text;
    this.#images = [...images];
    this.replaces = replaces;
    this.#editing.hidden = replaces === null;
    this.#fit();
    this.#renderThumbs();
    this.say('');
    this.focus();
  }

  #send() {
    const { question } = this;
    if (question.text === '' && question.images.length === 0) return;
    const replaces = this.replaces;
    this.clear();
    this.events.send(question, replaces);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    // While an input method composes (Chinese, Japanese), Enter picks a word.
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      if (!this.#isBusy) this.#send();
    } else if (event.key === 'ArrowUp' && this.#prompt.value === '' && !this.#isBusy) {
      event.preventDefault();
      this.events.editLast();
    } else if (event.key === 'Escape' && this.replaces !== null) {
      event.stopPropagation();
      this.clear();
    }
  }

  #fit() {
    // Where `field-sizing: content` isn't known yet.
    if (CSS.supports('field-sizing', 'content')) return;
    this.#prompt.style.height = 'auto';
    this.#prompt.style.height = `${this.#prompt.scrollHeight}px`;
  }

  #takeImages() {
    const file = byId('file', HTMLInputElement);
    const stage = byId('stage', HTMLElement);
    byId('attach', HTMLButtonElement).addEventListener('click', () => file.click());
    file.addEventListener('change', () => {
      void this.#add([...(file.files ?? [])]);
      file.value = '';
    });
    this.#prompt.addEventListener('paste', (event) => {
      const files = imagesOf(event.clipboardData);
      if (files.length > 0) {
        event.preventDefault();
        void this.#add(files);
      }
    });
    /** @param {DragEvent} event */
    const over = (event) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      stage.classList.add('dropping');
    };
    const leave = () => stage.classList.remove('dropping');
    stage.addEventListener('dragenter', over);
    stage.addEventListener('dragover', over);
    stage.addEventListener('dragleave', (event) => {
      if (!(event.relatedTarget instanceof Node && stage.contains(event.relatedTarget))) leave();
    });
    stage.addEventListener('drop', (event) => {
      leave();
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      void this.#add(imagesOf(event.dataTransfer));
    });
  }

  /** @param {readonly File[]} files */
  async #add(files) {
    let problem = '';
    const { IMAGES_MAX, readImage } = await import('./images.js');
    for (const file of files) {
      if (this.#images.length >= IMAGES_MAX) {
        problem = `A message takes ${IMAGES_MAX} images at most.`;
        break;
      }
      try {
        this.#images.push(await readImage(file));
        announce(`${file.name} added`);
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    }
    this.#renderThumbs();
    this.events.imagesChanged();
    if (problem !== '') this.say(problem);
    this.focus();
  }

  #renderThumbs() {
    this.#thumbs.hidden = this.#images.length === 0;
    this.#thumbs.replaceChildren(
      ...this.#images.map((image) => {
        const remove = () => {
          this.#images = this.#images.filter((other) => other !== image);
          this.#renderThumbs();
          this.events.imagesChanged();
          this.focus();
        };
        return h(
          'li',
          {},
          h('img', { src: image.url, alt: image.name }),
          h('button', { type: 'button', 'aria-label': `Remove ${image.name}`, click: remove }, icon('close')),
        );
      }),
    );
  }
}

/** @param {DataTransfer | null} data */
function imagesOf(data) {
  return [...(data?.files ?? [])].filter((file) => file.type.startsWith('image/'));
}
