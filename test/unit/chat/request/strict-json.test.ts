// Malformed and unusual JSON, after the classes of nst/JSONTestSuite (n: must be refused, y:
// must be accepted, i: either, but with an answer).

import { describe, expect, it } from 'vitest';
import { join } from '../../../../src/lib/bytes.ts';
import { bytesOf, failure, fault, parse, sentText } from './support.ts';

/** @returns a request with this text as the value of a free-form field. */
function around(json: Uint8Array): Uint8Array {
  const before = bytesOf('{"model":"m","messages":[{"role":"user","content":""}],"any":');
  return join([before, json, bytesOf('}')]);
}

const given = { extraParams: new Set(['any']) };

/** @returns texts and single bytes, joined. */
function bytes(...parts: (string | number)[]): Uint8Array {
  return join(parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : bytesOf(part))));
}

const NOT_JSON: Record<string, string | Uint8Array> = {
  array_1_true_without_comma: '[1 true]',
  array_a_invalid_utf8: bytes('[a', 0xe5, ']'),
  array_colon_instead_of_comma: '["": 1]',
  array_comma_after_close: '[""],',
  array_comma_and_number: '[,1]',
  array_double_comma: '[1,,2]',
  array_double_extra_comma: '["x",,]',
  array_extra_close: '["x"]]',
  array_extra_comma: '["",]',
  array_incomplete: '["x"',
  array_inner_array_no_comma: '[3[4]]',
  array_invalid_utf8: bytes('[', 0xff, ']'),
  array_items_separated_by_semicolon: '[1:2]',
  array_just_comma: '[,]',
  array_just_minus: '[-]',
  array_newlines_unclosed: '["a",\n4\n,1,',
  array_number_and_comma: '[1,]',
  array_spaces_vertical_tab_formfeed: '["\u000ba"\\f]',
  array_star_inside: '[*]',
  array_unclosed: '[""',
  array_unclosed_with_object_inside: '[{}',
  incomplete_false: '[fals]',
  incomplete_null: '[nul]',
  incomplete_true: '[tru]',
  multidigit_number_then_00: '123\u0000',
  'number_-01': '[-01]',
  'number_-1.0.': '[-1.0.]',
  'number_-2.': '[-2.]',
  'number_-NaN': '[-NaN]',
  'number_++': '[++1234]',
  'number_+1': '[+1]',
  'number_.-1': '[.-1]',
  'number_.2e-3': '[.2e-3]',
  'number_0.1.2': '[0.1.2]',
  'number_0.3e': '[0.3e]',
  'number_0.3e+': '[0.3e+]',
  'number_0.e1': '[0.e1]',
  number_0_capital_E: '[0E]',
  'number_1.0e': '[1.0e]',
  number_1_000: '[1 000.0]',
  'number_2.e3': '[2.e3]',
  'number_9.e+': '[9.e+]',
  number_expression: '[1+2]',
  number_hex_1_digit: '[0x1]',
  number_infinity: '[Infinity]',
  'number_invalid+-': '[0e+-1]',
  number_minus_infinity: '[-Infinity]',
  number_NaN: '[NaN]',
  number_neg_int_starting_with_zero: '[-012]',
  number_real_without_fractional_part: '[1.]',
  number_starting_with_dot: '[.123]',
  number_U_FF11_fullwidth_digit_one: '[１]',
  number_with_leading_zero: '[012]',
  number_with_alpha: '[1.2a-3]',
  object_bad_value: '["x", truth]',
  object_bracket_key: '{[: "x"}\n',
  object_comma_instead_of_colon: '{"x", null}',
  object_double_colon: '{"x"::"b"}',
  object_emoji: '{🇨🇭}',
  object_garbage_at_end: '{"a":"a" 123}',
  object_key_with_single_quotes: "{key: 'value'}",
  object_lone_continuation_byte_in_key: bytes('{"', 0xb9, '":"0",}'),
  object_missing_colon: '{"a" b}',
  object_missing_key: '{:"b"}',
  object_missing_semicolon: '{"a" "b"}',
  object_missing_value: '{"a":',
  'object_no-colon': '{"a"',
  object_non_string_key: '{1:1}',
  object_repeated_null_null: '{null:null,null:null}',
  object_single_quote: "{'a':0}",
  object_trailing_comma: '{"id":0,}',
  object_trailing_comment: '{"a":"b"}/**/',
  object_trailing_comment_slash_open: '{"a":"b"}//',
  object_two_commas_in_a_row: '{"a":"b",,"c":"d"}',
  object_unquoted_key: '{a: "b"}',
  object_unterminated_value: '{"a":"a',
  object_with_trailing_garbage: '{"a":"b"}#',
  single_space: ' ',
  string_1_surrogate_then_escape: String.raw`["\uD800\"]`,
  string_1_surrogate_then_escape_u: String.raw`["\uD800\u"]`,
  string_1_surrogate_then_escape_u1x: String.raw`["\uD800\u1x"]`,
  string_accentuated_char_no_quotes: '[é]',
  string_backslash_00: '["\\\u0000"]',
  string_escape_x: String.raw`["\x00"]`,
  string_escaped_backslash_bad: String.raw`["\\\"]`,
  string_escaped_ctrl_char_tab: '["\\\t"]',
  string_escaped_emoji: String.raw`["\🌀"]`,
  string_incomplete_escape: String.raw`["\"]`,
  string_incomplete_escaped_character: String.raw`["\u00A"]`,
  string_incomplete_surrogate: String.raw`["\uD834\uDd"]`,
  string_invalid_backslash_esc: String.raw`["\a"]`,
  string_invalid_unicode_escape: String.raw`["\uqqqq"]`,
  string_invalid_utf8_after_escape: bytes('["\\', 0xe5, '"]'),
  string_leading_uescaped_thinspace: String.raw`[\u0020"asd"]`,
  string_no_quotes_with_bad_escape: String.raw`[\n]`,
  string_single_doublequote: '"',
  string_single_quote: "['single quote']",
  string_start_escape_unclosed: '["\\',
  string_unescaped_ctrl_char: '["a\u0000a"]',
  string_unescaped_newline: '["new\nline"]',
  string_unescaped_tab: '["\t"]',
  string_with_trailing_garbage: '""x',
  structure_angle_bracket: '<.>',
  structure_array_with_extra_array_close: '[1]]',
  structure_ascii_unicode_identifier: 'aå',
  structure_capitalized_True: '[True]',
  structure_close_unopened_array: '1]',
  structure_comma_instead_of_closing_brace: '{"x": true,',
  structure_double_array: '[][]',
  structure_end_array: ']',
  structure_incomplete_UTF8_BOM: bytes(0xef, 0xbb, '{}'),
  structure_lone_invalid_utf8: bytes(0xe5),
  structure_lone_open_bracket: '[',
  structure_no_data: '',
  structure_null_byte_outside_string: '[\u0000]',
  structure_number_with_trailing_garbage: '2@',
  structure_object_followed_by_closing_object: '{}}',
  structure_object_unclosed_no_value: '{"":',
  structure_object_with_comment: '{"a":/*comment*/"b"}',
  structure_open_array_apostrophe: "['",
  structure_open_array_open_object: '[{',
  structure_open_object_comma: '{,',
  structure_open_open: String.raw`["\{["\{["\{["\{`,
  structure_single_star: '*',
  structure_U_2060_word_joined: '[\u2060]',
  structure_unclosed_object: '{"asd":"asd"',
  structure_unicode_identifier: 'å',
  structure_UTF8_BOM_no_data: bytes(0xef, 0xbb, 0xbf),
  structure_whitespace_formfeed: '[\f]',
  structure_whitespace_U_2060_word_joiner: '[\u2060]',
  structure_100000_opening_arrays: '['.repeat(100_000),
  structure_open_array_object: '[{"":'.repeat(50_000),
};

const JSON_TEXTS: Record<string, string> = {
  array_arraysWithSpaces: '[[]   ]',
  array_empty: '[]',
  'array_empty-string': '[""]',
  array_heterogeneous: '[null, 1, "1", {}]',
  array_with_1_and_newline: '[1\n]',
  array_with_leading_space: ' [1]',
  array_with_trailing_space: '[2] ',
  number: '[123e65]',
  number_0e1: '[0e+1]',
  number_after_space: '[ 4]',
  number_double_close_to_zero: '[-0.000000000000000000000000000000000000000000000000000000000000001]\n',
  number_int_with_exp: '[20e1]',
  number_minus_zero: '[-0]',
  number_real_capital_e_neg_exp: '[1E-2]',
  number_real_exponent: '[123e45]',
  number_simple_real: '[123.456789]',
  object: '{"asd":"sdf", "dfg":"fgh"}',
  object_duplicated_key: '{"a":"b","a":"c"}',
  object_duplicated_key_and_value: '{"a":"b","a":"b"}',
  object_empty_key: '{"":0}',
  object_escaped_null_in_key: String.raw`{"foo\u0000bar": 42}`,
  object_extreme_numbers: '{ "min": -1.0e+28, "max": 1.0e+28 }',
  object_proto: '{"__proto__": {"a": 1}, "constructor": 5}',
  object_with_newlines: '{\n"a": "b"\n}',
  string_1_2_3_bytes_UTF8_sequences: String.raw`["\u0060\u012a\u12AB"]`,
  string_accepted_surrogate_pair: String.raw`["\uD801\udc37"]`,
  string_allowed_escapes: String.raw`["\"\\\/\b\f\n\r\t"]`,
  string_backslash_doublequotes: String.raw`["\""]`,
  string_escaped_control_character: String.raw`["\u0012"]`,
  string_escaped_noncharacter: String.raw`["\uFFFF"]`,
  string_nonCharacterInUTF8_U_10FFFF: '["\u{10ffff}"]',
  string_nonCharacterInUTF8_U_FFFF: '["\uffff"]',
  string_null_escape: String.raw`["\u0000"]`,
  string_u2028_line_sep: '["\u2028"]',
  string_unescaped_char_delete: '["\u007f"]',
  string_utf8: '["€𝄞"]',
  structure_lonely_false: 'false',
  structure_lonely_int: '42',
  structure_lonely_null: 'null',
  structure_lonely_string: '"asd"',
  structure_string_empty: '""',
  structure_whitespace_array: ' [] \t\r\n',
  // i_: either is allowed; accepted here.
  number_double_huge_neg_exp: '[123.456e-789]',
  number_huge_exp:
    '[0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999969999999006]',
  number_neg_int_huge_exp: '[-1e+9999]',
  number_too_big_pos_int: '[100000000000000000000]',
  number_very_big_negative_int: '[-237462374673276894279832749832423479823246327846]',
  object_key_lone_2nd_surrogate: String.raw`{"\uDFAA":0}`,
  string_1st_valid_surrogate_2nd_invalid: String.raw`["\uD888\u1234"]`,
  string_inverted_surrogates: String.raw`["\uDd1e\uD834"]`,
  string_lone_second_surrogate: String.raw`["\uDFAA"]`,
  structure_100_nested_arrays: '['.repeat(100) + ']'.repeat(100),
};

const NOT_UTF8: Record<string, Uint8Array> = {
  overlong_slash_2_bytes: bytes('["', 0xc0, 0xaf, '"]'),
  overlong_slash_6_bytes: bytes('["', 0xfc, 0x83, 0xbf, 0xbf, 0xbf, 0xbf, '"]'),
  surrogate_U_D800: bytes('["', 0xed, 0xa0, 0x80, '"]'),
  beyond_U_10FFFF: bytes('["', 0xf4, 0xbf, 0xbf, 0xbf, '"]'),
  truncated_utf8: bytes('["', 0xe0, 0xff, '"]'),
  lone_continuation_byte: bytes('["', 0x81, '"]'),
  latin_1: bytes('["', 0xe9, '"]'),
  utf_16_le: bytes('[', 0, '"', 0, 0xe9, 0, '"', 0, ']', 0),
  iso_8859_1_in_key: bytes('{"', 0xe9, '":1}'),
};

describe('n: not JSON', () => {
  it.each(Object.entries({ ...NOT_JSON, ...NOT_UTF8 }))('%s', (_, text) => {
    const given = bytesOf(text);
    expect(fault(given)).toEqual(['invalid_json', undefined]);
    expect(failure(given).message.length).toBeLessThan(400);
  });
  it.each(
    // This one is valid before a `}`.
    Object.entries({ ...NOT_JSON, ...NOT_UTF8 }).filter(
      ([name]) => name !== 'structure_object_followed_by_closing_object',
    ),
  )('%s, inside a request', (_, text) => {
    expect(fault(around(bytesOf(text)), given)).toEqual(['invalid_json', undefined]);
  });
  it('a byte order mark', () => {
    const body = bytes(0xef, 0xbb, 0xbf, '{"model":"m","messages":[{"role":"user","content":""}]}');
    expect(fault(body)).toEqual(['invalid_json', undefined]);
  });
});

describe('y: JSON', () => {
  it.each(Object.entries(JSON_TEXTS))('%s', (_, text) => {
    expect(failure(text).code).not.toBe('invalid_json');
  });
  it.each(Object.entries(JSON_TEXTS))('%s, inside a request, comes through', (_, text) => {
    const asked = around(bytesOf(text));
    const out = sentText(asked, given);
    const { any } = JSON.parse(out) as { any: unknown };
    expect(any).toEqual(JSON.parse(text));
    expect(sentText(out, given)).toBe(out);
    expect(parse(asked, given).model).toBe('m');
  });
});
