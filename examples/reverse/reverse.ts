// An Extism plug-in in AssemblyScript: `reverse` answers its input backwards, byte by byte.
// Built by ./build.

// @ts-ignore: decorators of AssemblyScript
@external("extism:host/env", "input_length")
declare function inputLength(): u64;

// @ts-ignore: decorators of AssemblyScript
@external("extism:host/env", "input_load_u8")
declare function inputByte(offset: u64): u32;

// @ts-ignore: decorators of AssemblyScript
@external("extism:host/env", "alloc")
declare function alloc(length: u64): u64;

// @ts-ignore: decorators of AssemblyScript
@external("extism:host/env", "store_u8")
declare function storeByte(address: u64, value: u32): void;

// @ts-ignore: decorators of AssemblyScript
@external("extism:host/env", "output_set")
declare function setOutput(address: u64, length: u64): void;

export function reverse(): i32 {
  const length = inputLength();
  const block = alloc(length);
  for (let i: u64 = 0; i < length; i++) {
    storeByte(block + i, inputByte(length - 1 - i));
  }
  setOutput(block, length);
  return 0;
}
