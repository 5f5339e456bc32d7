// Attachments, and the request as code, in real Chromium.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Asked, FakeGateway } from './fake-gateway.ts';
import { answerWith, usePlayground } from './playground-page.ts';

const run = promisify(execFile);

describe('the playground', () => {
  const openPlayground = usePlayground();
  let gateway: FakeGateway;
  let page: Page;

  beforeEach(async () => {
    ({ gateway, page } = await openPlayground());
    gateway.answer = (asked) => {
      if (asked.body['stream'] === true) answerWith('A picture.')(asked);
      else {
        const message = { content: 'A picture.' };
        asked.json(200, { choices: [{ index: 0, message, finish_reason: 'stop' }] });
      }
    };
  });

  async function send(text: string): Promise<Asked> {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByLabel('Message', { exact: true }).press('Enter');
    await page.getByRole('button', { name: 'Regenerate' }).last().waitFor();
    return gateway.asked.at(-1)!;
  }

  describe('attachments', () => {
    const thumbs = () => page.getByRole('list', { name: 'Attachments' }).getByRole('img');

    it('a large photo becomes a JPEG small enough to send', async () => {
      // Created in the page: sending 8 MB through the debugging protocol is slow.
      const bytes = await page.evaluate(
        ([draw, width, height]) => {
          const { promise, resolve } = Promise.withResolvers<number>();
          const canvas = document.createElement('canvas');
          Object.assign(canvas, { width, height });
          const pixels = new ImageData(width, height);
          // Noise: nothing is harder to compress.
          const words = new Uint32Array(pixels.data.buffer);
          let word = 1;
          for (let at = 0; at < words.length; at += 1) {
            word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
            words[at] = word | 0xff_00_00_00;
          }
          canvas.getContext('2d')?.putImageData(pixels, 0, 0);
          canvas.toBlob((blob) => {
            const data = new DataTransfer();
            data.items.add(new File([blob!], 'sky.png', { type: 'image/png' }));
            const init = { bubbles: true, cancelable: true, dataTransfer: data };
            document.querySelector('#prompt')?.dispatchEvent(new DragEvent(draw, init));
            resolve(blob!.size);
          });
          return promise;
        },
        ['drop', 2200, 1320] as const,
      );
      expect(bytes).toBeGreaterThan(5_000_000);
      await thumbs().waitFor();
      const { body } = await send('What is this?');
      const [message] = body['messages'] as [{ content: [{ text: string }, { image_url: { url: string } }] }];
      const [words, image] = message.content;
      expect(words).toEqual({ type: 'text', text: 'What is this?' });
      const { url } = image.image_url;
      expect(url).toMatch(/^data:image\/jpeg;base64,[\w+/]+=*$/);
      expect(url.length).toBeLessThan(1_200_001);
      const size = await sizeOf(page, url);
      expect(Math.max(size.width, size.height)).toBeLessThanOrEqual(2048);
      expect(size.width / size.height).toBeCloseTo(5 / 3, 1);
      // Shown with the question, gone from the composer.
      expect(await page.locator('.question img').getAttribute('alt')).toBe('sky.png');
      expect(await thumbs().count()).toBe(0);
    });

    it('a small PNG is sent as it is, and a JPEG without its Exif data', async () => {
      const png = await drawImage(page, { width: 8, height: 8, type: 'image/png' });
      const jpeg = withPlace(await drawImage(page, { width: 8, height: 8, type: 'image/jpeg' }));
      await page.locator('#file').setInputFiles([
        { name: 'a.png', mimeType: 'image/png', buffer: png },
        { name: 'b.jpg', mimeType: 'image/jpeg', buffer: jpeg },
      ]);
      await thumbs().nth(1).waitFor();
      const { body } = await send('');
      const text = JSON.stringify(body);
      expect(text).toContain(`data:image/png;base64,${png.toString('base64')}`);
      expect(Buffer.from(/jpeg;base64,([\w+/=]+)/.exec(text)?.[1] ?? '', 'base64').includes('Exif')).toBe(
        false,
      );
    });

    it.each(['pasted', 'dropped'])('an image can be %s', async (way) => {
      const png = await drawImage(page, { width: 8, height: 8, type: 'image/png' });
      await page.evaluate(
        ([kind, base64]) => {
          const bytes = Uint8Array.from(atob(base64!), (char) => char.codePointAt(0) ?? 0);
          const data = new DataTransfer();
          data.items.add(new File([bytes], 'clip.png', { type: 'image/png' }));
          const prompt = document.querySelector('#prompt');
          const init = { bubbles: true, cancelable: true };
          prompt?.dispatchEvent(
            kind === 'pasted'
              ? new ClipboardEvent('paste', { ...init, clipboardData: data })
              : new DragEvent('drop', { ...init, dataTransfer: data }),
          );
        },
        [way, png.toString('base64')],
      );
      await thumbs().waitFor();
      expect(JSON.stringify((await send('Look')).body)).toContain('image_url');
    });

    it('at most 4 can be added, and each can be removed', async () => {
      const png = await drawImage(page, { width: 8, height: 8, type: 'image/png' });
      const files = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, mimeType: 'image/png', buffer: png }));
      await page.locator('#file').setInputFiles(files);
      await page.getByText('A message takes 4 attachments at most.').waitFor();
      expect(await thumbs().count()).toBe(4);
      await page.getByRole('button', { name: 'Remove b' }).click();
      expect(await thumbs().evaluateAll((nodes) => nodes.map((node) => node.getAttribute('alt')))).toEqual([
        'a',
        'c',
        'd',
      ]);
    });

    it('an image is shown in a bubble of its size, which is known before the image is decoded', async () => {
      const png = await drawImage(page, { width: 400, height: 100, type: 'image/png' });
      await page.locator('#file').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png });
      await thumbs().waitFor();
      await send('');
      const image = page.locator('.sent-image');
      expect(await image.getAttribute('width')).toBe('400');
      const [bubble, shown] = await Promise.all([page.locator('.bubble').boundingBox(), image.boundingBox()]);
      expect(shown).toMatchObject({ width: 400, height: 100 });
      // The padding of the bubble is all that is left around it.
      expect((bubble?.width ?? 0) - 400).toBeLessThanOrEqual(32);
      expect((bubble?.height ?? 0) - 100).toBeLessThanOrEqual(24);
    });

    it('a sound and the address of a video are sent; the page does not fetch the address', async () => {
      const elsewhere: string[] = [];
      page.on('request', (request) => {
        if (request.url().includes('media.example')) elsewhere.push(request.url());
      });
      await page
        .locator('#file')
        .setInputFiles({ name: 'a.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('sound') });
      await page.locator('#thumbs', { hasText: 'a.mp3' }).waitFor();
      await page.locator('#attach').click();
      await page.getByLabel('Image or MP4 video by address').fill('https://media.example/clip.mp4');
      await page.getByLabel('Image or MP4 video by address').press('Enter');
      await page.locator('#thumbs', { hasText: 'clip.mp4' }).waitFor();
      const { body } = await send('What is this?');
      expect(body['messages']).toEqual([
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'input_audio', input_audio: { data: 'data:audio/mp3;base64,c291bmQ=', format: 'mp3' } },
            { type: 'video_url', video_url: { url: 'https://media.example/clip.mp4' } },
          ],
        },
      ]);
      expect(elsewhere).toEqual([]);
      await page.locator('#attach').click();
      await page.getByLabel('Image or MP4 video by address').fill('not an address');
      await page.getByRole('button', { name: 'Add' }).click();
      await page.getByText('Enter an address that begins with https://.').waitFor();
      // It stays, to be corrected.
      await page.locator('#attach').click();
      expect(await page.getByLabel('Image or MP4 video by address').inputValue()).toBe('not an address');
    });

    it('a file that is no image is refused, and an image that the model does not read is reported', async () => {
      await page
        .locator('#file')
        .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no') });
      await page.getByText('a.png is not an image this browser can read.').waitFor();
      expect(await thumbs().count()).toBe(0);

      const png = await drawImage(page, { width: 8, height: 8, type: 'image/png' });
      await page.locator('#file').setInputFiles({ name: 'b.png', mimeType: 'image/png', buffer: png });
      await thumbs().waitFor();
      await page.getByLabel('Model', { exact: true }).selectOption('step-3.5-flash-2603');
      await page.getByText('step-3.5-flash-2603 reads no images.').waitFor();
    });
  });

  describe('the request as code', () => {
    const dialog = () => page.getByRole('dialog', { name: 'This request as code' });

    async function copied(language: string, opener: Locator): Promise<string> {
      await opener.click();
      await dialog().getByRole('tab', { name: language }).click();
      await dialog().getByRole('button', { name: 'Copy' }).click();
      await dialog().getByRole('button', { name: 'Copied' }).waitFor();
      await page.keyboard.press('Escape');
      return page.evaluate(() => navigator.clipboard.readText());
    }

    const ofAnswer = () => page.locator('.answer').last().getByRole('button', { name: 'Code' });

    it.each([true, false])('curl runs in a shell (streaming: %s)', async (isStreaming) => {
      await page.getByLabel('Streaming').setChecked(isStreaming);
      await page.getByLabel('Client key').fill('the-key');
      const asked = await send('It\'s "quoted", `id`, $(id) and $HOME \\n');
      const { stdout } = await run('bash', ['-c', await copied('curl', ofAnswer())], {
        env: { ...process.env, GATEWAY_KEY: 'the-key' },
      });
      expect(stdout).toContain('A picture.');
      const again = gateway.asked.at(-1)!;
      expect(again).not.toBe(asked);
      expect(again.body).toEqual(asked.body);
      expect(again.headers.authorization).toBe('Bearer the-key');
      expect(again.headers['content-type']).toBe('application/json');
    });

    it('curl with an image runs in a shell, although it is too long for a command line', async () => {
      const photo = await drawImage(page, { width: 600, height: 600, type: 'image/png', noise: true });
      await page.locator('#file').setInputFiles({ name: 'sky.jpg', mimeType: 'image/jpeg', buffer: photo });
      await page.getByRole('list', { name: 'Attachments' }).getByRole('img').waitFor();
      const asked = await send('What is this?');
      const code = await copied('curl', ofAnswer());
      expect(code.length).toBeGreaterThan(131_072);
      const shell = run('bash', ['-s']);
      shell.child.stdin?.end(code);
      await shell;
      expect(gateway.asked.at(-1)!.body).toEqual(asked.body);
      // To read, the picture is left out.
      await ofAnswer().click();
      expect((await dialog().getByRole('tabpanel').innerText()).length).toBeLessThan(2000);
    });

    it.each([true, false])('JavaScript runs with the openai client (streaming: %s)', async (isStreaming) => {
      await page.getByLabel('Streaming').setChecked(isStreaming);
      const asked = await send("It's me");
      const code = await copied('JavaScript', ofAnswer());
      const child = run(process.execPath, ['--input-type=module', '--eval', code]);
      expect((await child).stdout.trim()).toBe('A picture.');
      expect(gateway.asked.at(-1)!.body).toEqual(asked.body);
    });

    it('is that of the composer before it is sent', async () => {
      await page.getByLabel('Message', { exact: true }).fill('A draft');
      const code = await copied('Python', page.locator('#code-open'));
      expect(code).toContain('"content": "A draft"');
      expect(code).toContain(`base_url="${gateway.url}/v1"`);
      expect(gateway.asked).toEqual([]);
    });

    it('an answer is copied by the button below it', async () => {
      await send('Hello');
      await page.locator('.answer').last().getByRole('button', { name: 'Copy' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('A picture.');
    });
  });
});

interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly type: string;
  readonly noise?: boolean;
}

async function drawImage(page: Page, drawing: Drawing): Promise<Buffer> {
  const url = await page.evaluate(({ width, height, type, noise }) => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d')!;
    if (noise === true) {
      // Noise is hardest to compress.
      const pixels = context.createImageData(width, height);
      const words = new Uint32Array(pixels.data.buffer);
      let word = 1;
      for (let at = 0; at < words.length; at += 1) {
        word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
        words[at] = word | 0xff_00_00_00;
      }
      context.putImageData(pixels, 0, 0);
    } else context.fillRect(0, 0, width / 2, height);
    return canvas.toDataURL(type);
  }, drawing);
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}

function sizeOf(page: Page, url: string): Promise<{ width: number; height: number }> {
  return page.evaluate(async (src) => {
    const image = Object.assign(new Image(), { src });
    await image.decode();
    return { width: image.naturalWidth, height: image.naturalHeight };
  }, url);
}

/** A JPEG with an APP1 segment, where cameras write the place (Exif 2.32 §4.5.4). */
function withPlace(jpeg: Buffer): Buffer {
  const segment = Buffer.from('\u00FF\u00E1\u0000\u000EExif\0\0MM\0*\0\0', 'latin1');
  return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
}
