// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: A JSON writer
 *
 * Writes objects, arrays, strings and unsigned numbers, which is all that
 * pgem-info needs. It takes care of commas, indent and escapes: process names and
 * module parameters may hold any byte, and the text has to stay valid JSON.
 *
 * Write errors are left to the stream; the caller asks it at the end.
 */

#include <inttypes.h>
#include <stddef.h>

#include "json.h"

/* Bytes in the UTF-8 character at @s, 0 if it is not one. */
static size_t json_utf8_length(const unsigned char *s)
{
	size_t length, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;

	length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	for (i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;

	/* Overlong forms, surrogates and what lies beyond U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

/* Writes the character at @s, returns the bytes it took. */
static size_t json_put_char(FILE *out, const unsigned char *s)
{
	size_t length = json_utf8_length(s);

	if (!length) {
		fputs("\\ufffd", out);
		return 1;
	}

	if (s[0] == '"' || s[0] == '\\')
		fprintf(out, "\\%c", s[0]);
	else if (s[0] < 0x20 || s[0] == 0x7f)
		fprintf(out, "\\u%04x", s[0]);
	else
		fwrite(s, 1, length, out);
	return length;
}

static void json_put_string(FILE *out, const char *string)
{
	const unsigned char *s = (const unsigned char *)string;

	fputc('"', out);
	while (*s)
		s += json_put_char(out, s);
	fputc('"', out);
}

static void json_indent(struct json *json)
{
	fprintf(json->out, "\n%*s", 2 * json->depth, "");
}

static void json_begin(struct json *json, const char *key)
{
	if (json->filled)
		fputc(',', json->out);
	if (json->depth)
		json_indent(json);
	json->filled = true;

	if (key) {
		json_put_string(json->out, key);
		fputs(": ", json->out);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	json_begin(json, key);
	fputc(bracket, json->out);
	json->depth++;
	json->filled = false;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->filled)
		json_indent(json);
	fputc(bracket, json->out);
	json->filled = true;

	if (!json->depth)
		fputc('\n', json->out);
}

void json_string(struct json *json, const char *key, const char *value)
{
	json_begin(json, key);
	if (value)
		json_put_string(json->out, value);
	else
		fputs("null", json->out);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	json_begin(json, key);
	fprintf(json->out, "%" PRIu64, value);
}
