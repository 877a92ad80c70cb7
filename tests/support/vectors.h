/*
 * vectors.h - the JSON files below tests/vectors, read with cJSON. What is missing or has the wrong type
 * fails the test that asks for it.
 */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/*
 * A whole file, terminated; *len without the zero (len may be NULL). The caller frees it. path: below
 * tests/vectors.
 */
char *vectors_file(const char *path, size_t *len);

/* The same, parsed. The caller ends it with cJSON_Delete. */
cJSON *vectors_load(const char *path);

/* A member of any type; of text; of a whole number below 2^53. Borrow. */
const cJSON *vectors_member(const cJSON *object, const char *name);
const char *vectors_text(const cJSON *object, const char *name);
uint64_t vectors_number(const cJSON *object, const char *name);

/* Hex text as bytes. The caller frees them; never NULL. */
uint8_t *vectors_unhex(const char *hex, size_t *len);

/* A hex member as bytes; into an array of exactly len bytes; as a number, most significant digit first. */
uint8_t *vectors_bytes(const cJSON *object, const char *name, size_t *len);
void vectors_copy(const cJSON *object, const char *name, uint8_t *out, size_t len);
uint64_t vectors_hex_number(const char *hex);

#endif
