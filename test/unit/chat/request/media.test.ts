// Addresses of images, videos and sounds.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import {
  audioDataSchema,
  imageFileSchema,
  imageUrlSchema,
  isBase64,
  videoUrlSchema,
} from '../../../../src/chat/request/media.ts';
import { audio, chat, fault, image, parse, PIXEL, sent, user, video } from './support.ts';

describe('images', () => {
  it.each([
    'https://www.stepfun.com/assets/section-1-CTe4nZiO.webp',
    'http://a.example:8080/a?b=c#d',
    'HTTPS://A.EXAMPLE/',
    'https://例え.jp/画像.png',
    ...['jpeg', 'jpg', 'png', 'webp', 'gif'].map((type) => `data:image/${type};base64,${PIXEL}`),
    'data:image/png;base64,QQ==',
    'data:image/png;base64,QQ',
    'data:image/png;base64,QUI=',
    'data:image/png;base64,QUI',
    'data:image/png;base64,+/+/',
  ])('may be %s', (url) => {
    expect(sent(user(image(url)))).toEqual(user(image(url)));
  });

  it.each([
    '',
    'a.png',
    '//a.example/a.png',
    'ftp://a.example/a.png',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'stepfile://abc',
    'https://',
    'https://a b',
    'https://[::1',
    'https://a.example:99999/',
    'https:\\\\a.example',
    'https://a.example/a\nb',
    ' https://a.example',
    'https://a.example\n',
    'http:/a.example',
    'data:,a',
    `data:image/svg+xml;base64,${PIXEL}`,
    `data:image/bmp;base64,${PIXEL}`,
    `data:image/PNG;base64,${PIXEL}`,
    `data:text/html;base64,${PIXEL}`,
    `data:audio/mpeg;base64,${PIXEL}`,
    `data:image/png;charset=utf-8;base64,${PIXEL}`,
    `data:image/png,${PIXEL}`,
    'data:image/png;base64,',
    'data:image/png;base64,=',
    'data:image/png;base64,==',
    'data:image/png;base64,A',
    'data:image/png;base64,AAAAA',
    'data:image/png;base64,QQ=',
    'data:image/png;base64,QUI==',
    'data:image/png;base64,QUJD=',
    'data:image/png;base64,QQ===',
    'data:image/png;base64,QQ==QQ==',
    'data:image/png;base64,QU JD',
    'data:image/png;base64,QUJD\n',
    'data:image/png;base64,QUJD\nQUJD',
    'data:image/png;base64,QUJDA\n\n\n',
    'data:image/png;base64,QU-_',
    'data:image/png;base64,QUJ\u00e9',
    'data:image/png;base64,QUJ"',
    5,
    null,
    ['https://a.example'],
  ])('may not be %j', (url) => {
    expect(fault(user(image(url)))).toEqual(['invalid_value', 'messages[0].content[0].image_url.url']);
  });

  it('may be longer than one step of the decoder, and are checked to their end', () => {
    const long = 'QUJD'.repeat(50_000);
    const broken = [
      `${long}!`,
      `${long}=QUJD`,
      `QUI=${long}`,
      `${long}A`,
      `${long}\n\n\n\n`,
      `\n\n\n\n${long}`,
    ];
    expect(sent(user(image(`data:image/png;base64,${long}`)))).toEqual(
      user(image(`data:image/png;base64,${long}`)),
    );
    for (const payload of broken) {
      expect(fault(user(image(`data:image/png;base64,${payload}`)))).toEqual([
        'invalid_value',
        'messages[0].content[0].image_url.url',
      ]);
    }
  });
});

describe('videos', () => {
  it.each([
    'https://a.example/a.mp4',
    'https://a.example/watch?v=1',
    'http://a.example/a.mp4?x=b.avi',
    'https://a.example/movie.final',
  ])('may be %s', (url) => {
    expect(sent(user(video(url)))).toEqual(user(video(url)));
  });
  it.each([
    'https://a.example/a.avi',
    'https://a.example/a.mov',
    'https://a.example/a.webm?x',
    'https://a.example/a.mkv#t=5',
    `data:video/mp4;base64,${PIXEL}`,
    'ftp://a.example/a.mp4',
    '',
  ])('may not be %s', (url) => {
    expect(fault(user(video(url)))).toEqual(['invalid_value', 'messages[0].content[0].video_url.url']);
  });
});

describe('audio', () => {
  it.each(['mpeg', 'mp3', 'wav'])('may be data:audio/%s', (type) => {
    const part = audio(`data:audio/${type};base64,${PIXEL}`);
    expect(sent(user(part))).toEqual(user(part));
    expect(sent(user(audio(part.input_audio.data, { format: 'mp3' })))).toEqual(user(part));
  });
  it.each([
    audio(PIXEL),
    audio('https://a.example/a.mp3'),
    audio(`data:audio/ogg;base64,${PIXEL}`),
    audio('data:audio/mpeg;base64,!'),
    audio(''),
  ])('may not be %j', (part) => {
    expect(fault(user(part))).toEqual(['invalid_value', 'messages[0].content[0].input_audio.data']);
  });
});

describe('remoteMedia', () => {
  it.each([
    [user(image('https://a.example/a.png')), true],
    [user({ type: 'text', text: 'a' }, video('http://a.example/a.mp4')), true],
    [user(image('HTTP://a.example/a.png')), true],
    [user(image(`data:image/png;base64,${PIXEL}`)), false],
    [user(audio(`data:audio/mpeg;base64,${PIXEL}`)), false],
    [user({ type: 'text', text: 'https://a.example/a.png' }), false],
    [chat(), false],
  ])('of %j', (body, remote) => {
    expect(parse(body).remoteMedia).toBe(remote);
  });
});

describe('isBase64', () => {
  it.each<[text: string, start: number, expected: boolean]>([
    ['data:,QUJD', 6, true],
    ['data:,QUJD', 0, false],
    ['x,QQ==', 2, true],
    ['x,QQ==', 1, false],
    ['QUJD', 4, false],
    ['QUJD', 5, false],
    ['QQ==', 2, false],
    ['', 0, false],
  ])('of %j from %i on is %s', (text, start, expected) => {
    expect(isBase64(text, start)).toBe(expected);
  });
});

describe("the pattern in the API's description", () => {
  const payload = fc.oneof(
    fc.base64String(),
    fc.string({ unit: fc.constantFrom('A', '=', '+', '/', '\n', '-') }),
  );
  const media = fc.constantFrom('image/png', 'image/bmp', 'audio/wav', 'audio/ogg');
  const data = fc
    .tuple(fc.option(media, { nil: undefined }), payload)
    .map(([type, text]) => (type === undefined ? text : `data:${type};base64,${text}`));
  const path = fc.string({ unit: fc.constantFrom('a', '.', '.mp4', '.avi', '.mov', '/', '?', '#', ' ') });
  const remote = fc
    .tuple(fc.constantFrom('https://', 'HTTP://', 'ftp://'), path)
    .map(([scheme, rest]) => `${scheme}a.example/${rest}`);

  it.each([
    ['images', imageUrlSchema, data],
    ['images by URL', imageUrlSchema, remote],
    ['videos', videoUrlSchema, remote],
    ['files', imageFileSchema, data],
    ['sounds', audioDataSchema, data],
  ])('means the same as the check: %s', (_, schema, addresses) => {
    const pattern = new RegExp(z.globalRegistry.get(schema)?.['pattern'] as string, 'u');
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(addresses, (address) => {
        const { success } = schema.safeParse(address);
        seen.add(success);
        expect(pattern.test(address)).toBe(success);
      }),
      { numRuns: 300 },
    );
    expect(seen.size).toBe(2);
  });
});
