/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct json - a JSON text being written
 *
 * Every function takes the key of the value it writes; NULL inside an array and
 * for the outermost value.
 */
struct json {
	/** @out: where to, borrowed */
	FILE *out;

	/** @depth: objects and arrays open now, for the indent */
	int depth;

	/** @filled: the innermost of them has a value already */
	bool filled;
};

/**
 * json_open() - begin an object or an array
 * @json: the text
 * @key: its key or NULL
 * @bracket: '{' or '['
 */
void json_open(struct json *json, const char *key, char bracket);

/**
 * json_close() - end the innermost object or array
 * @json: the text
 * @bracket: '}' or ']', as json_open() was told
 */
void json_close(struct json *json, char bracket);

/**
 * json_string() - write a string
 * @json: the text
 * @key: its key or NULL
 * @value: any bytes, NULL for JSON's null; what is not UTF-8 becomes U+FFFD
 */
void json_string(struct json *json, const char *key, const char *value);

/**
 * json_number() - write a number
 * @json: the text
 * @key: its key or NULL
 * @value: the number
 */
void json_number(struct json *json, const char *key, uint64_t value);

#endif /* JSON_H */
