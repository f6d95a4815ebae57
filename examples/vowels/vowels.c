// An Extism plug-in: `count` answers how many vowels its input has and how many it has seen since
// the server started, which it keeps in the variable "total". The configuration value "vowels"
// says which letters count. Built by ./build.

#include "extism.h"

#define MAX_INPUT 65536

static char input[MAX_INPUT];
static char vowels[256];
static char answer[64];

// Copies a block to `target`, at most `room` bytes; frees it and returns how many it copied.
static uint64_t take(extism_block block, char* target, uint64_t room) {
  uint64_t length = extism_length(block);
  if (length > room) {
    length = room;
  }
  for (uint64_t at = 0; at < length; at++) {
    target[at] = (char)extism_load_u8(block + at);
  }
  extism_free(block);
  return length;
}

static uint64_t write_text(uint64_t at, const char* text) {
  while (*text != 0) {
    answer[at++] = *text++;
  }
  return at;
}

static uint64_t write_number(uint64_t at, uint64_t number) {
  if (number >= 10) {
    at = write_number(at, number / 10);
  }
  answer[at++] = (char)('0' + number % 10);
  return at;
}

static int fail(const char* message) {
  extism_error_set(extism_text(message));
  return 1;
}

EXTISM_EXPORT("count") int count(void) {
  uint64_t length = extism_input_length();
  if (length > MAX_INPUT) {
    return fail("the input is longer than 65536 bytes");
  }
  extism_read_input(input, length);

  uint64_t letters = take(extism_config_get(extism_text("vowels")), vowels, sizeof vowels);
  if (letters == 0) {
    letters = 10;
    __builtin_memcpy(vowels, "aeiouAEIOU", 10);
  }

  uint64_t found = 0;
  for (uint64_t i = 0; i < length; i++) {
    for (uint64_t letter = 0; letter < letters; letter++) {
      found += input[i] == vowels[letter];
    }
  }

  uint64_t total = found;
  extism_block former = extism_var_get(extism_text("total"));
  if (former != 0) {
    total += extism_load_u64(former);
    extism_free(former);
  }
  extism_block value = extism_alloc(8);
  extism_store_u64(value, total);
  extism_var_set(extism_text("total"), value);
  extism_log_info(extism_text("counted"));

  uint64_t size = write_text(0, "{\"count\":");
  size = write_number(size, found);
  size = write_text(size, ",\"total\":");
  size = write_number(size, total);
  size = write_text(size, "}");
  extism_output_set(extism_block_of(answer, size), size);
  return 0;
}
