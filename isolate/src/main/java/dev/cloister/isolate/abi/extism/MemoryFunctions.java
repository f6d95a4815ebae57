package dev.cloister.isolate.abi.extism;

/// `alloc`, `free`, `length`, `load_…`, `store_…`: blocks by handle.
final class MemoryFunctions {
  private final BlockMemory memory;
  private final CallFunctions call;

  MemoryFunctions(BlockMemory memory, CallFunctions call) {
    this.memory = memory;
    this.call = call;
  }

  long allocate(long length) {
    return memory.allocate(length);
  }

  void free(long handle) {
    call.freed(handle);
    memory.free(handle);
  }

  long length(long handle) {
    return memory.length(handle);
  }

  int loadByte(long address) {
    return memory.loadByte(address);
  }

  long loadLong(long address) {
    return memory.loadLong(address);
  }

  void storeByte(long address, int value) {
    memory.storeByte(address, value);
  }

  void storeLong(long address, long value) {
    memory.storeLong(address, value);
  }

  long memoryBytes() {
    return memory.sizeBytes();
  }
}
