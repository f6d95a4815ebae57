// What a plug-in in C needs of Extism: the functions of the host, and copies between its own
// memory and the host's blocks. See docs/PLUGINS.md.

#ifndef EXTISM_H
#define EXTISM_H

#include <stddef.h>
#include <stdint.h>

#define EXTISM_IMPORT(name) __attribute__((import_module("extism:host/env"), import_name(name)))
#define EXTISM_EXPORT(name) __attribute__((export_name(name)))

// A block of the host's memory, or an address in one; 0 is none.
typedef uint64_t extism_block;

EXTISM_IMPORT("alloc") extism_block extism_alloc(uint64_t length);
EXTISM_IMPORT("free") void extism_free(extism_block block);
EXTISM_IMPORT("length") uint64_t extism_length(extism_block block);
EXTISM_IMPORT("load_u8") uint32_t extism_load_u8(extism_block address);
EXTISM_IMPORT("load_u64") uint64_t extism_load_u64(extism_block address);
EXTISM_IMPORT("store_u8") void extism_store_u8(extism_block address, uint32_t value);
EXTISM_IMPORT("store_u64") void extism_store_u64(extism_block address, uint64_t value);
EXTISM_IMPORT("input_length") uint64_t extism_input_length(void);
EXTISM_IMPORT("input_load_u8") uint32_t extism_input_load_u8(uint64_t offset);
EXTISM_IMPORT("input_load_u64") uint64_t extism_input_load_u64(uint64_t offset);
EXTISM_IMPORT("output_set") void extism_output_set(extism_block address, uint64_t length);
EXTISM_IMPORT("error_set") void extism_error_set(extism_block block);
EXTISM_IMPORT("config_get") extism_block extism_config_get(extism_block name);
EXTISM_IMPORT("var_get") extism_block extism_var_get(extism_block name);
EXTISM_IMPORT("var_set") void extism_var_set(extism_block name, extism_block value);
EXTISM_IMPORT("http_request") extism_block extism_http_request(extism_block request,
                                                               extism_block body);
EXTISM_IMPORT("http_status_code") int32_t extism_http_status_code(void);
EXTISM_IMPORT("log_info") void extism_log_info(extism_block text);

// Fills `target` with the input; both have room for `length` bytes.
static inline void extism_read_input(char* target, uint64_t length) {
  uint64_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t eight = extism_input_load_u64(at);
    __builtin_memcpy(target + at, &eight, 8);
  }
  for (; at < length; at++) {
    target[at] = (char)extism_input_load_u8(at);
  }
}

// Makes a block with a copy of `length` bytes.
static inline extism_block extism_block_of(const char* source, uint64_t length) {
  extism_block block = extism_alloc(length);
  uint64_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t eight;
    __builtin_memcpy(&eight, source + at, 8);
    extism_store_u64(block + at, eight);
  }
  for (; at < length; at++) {
    extism_store_u8(block + at, (uint8_t)source[at]);
  }
  return block;
}

// Makes a block with a copy of a text that ends with NUL.
static inline extism_block extism_text(const char* text) {
  uint64_t length = 0;
  while (text[length] != 0) {
    length++;
  }
  return extism_block_of(text, length);
}

#endif
