package dev.cloister.isolate.abi.extism;

import dev.cloister.isolate.wasi.OutputSink;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// `input_…`, `output_…`, `error_…`, `reset`: what goes in and out of a call.
final class CallFunctions {
  private static final long MAX_ERROR_BYTES = 64 << 10;

  private final BlockMemory memory;
  private long input;
  private long inputLength;
  private long output;
  private long outputLength;
  private long error;

  CallFunctions(BlockMemory memory) {
    this.memory = memory;
  }

  /// Ignored if the bytes are not in one block, as all that sets a range here.
  void setInput(long address, long length) {
    if (length == 0 || memory.contains(address, length)) {
      input = address;
      inputLength = length;
    }
  }

  long inputOffset() {
    return input;
  }

  long inputLength() {
    return inputLength;
  }

  /// The byte of the input, or 0 behind its end.
  int loadInputByte(long offset) {
    return Long.compareUnsigned(offset, inputLength) < 0 ? memory.loadByte(input + offset) : 0;
  }

  /// 64 bits of the input, or 0 if they are not all in it.
  long loadInputLong(long offset) {
    return offset >= 0 && offset <= inputLength - Long.BYTES ? memory.loadLong(input + offset) : 0;
  }

  void setOutput(long address, long length) {
    if (length == 0 || memory.contains(address, length)) {
      output = address;
      outputLength = length;
    }
  }

  long outputOffset() {
    return output;
  }

  long outputLength() {
    return outputLength;
  }

  void setError(long handle) {
    if (handle == 0 || memory.isLive(handle)) {
      error = handle;
    }
  }

  long error() {
    return error;
  }

  void reset() {
    memory.reset();
    input = 0;
    inputLength = 0;
    output = 0;
    outputLength = 0;
    error = 0;
  }

  /// Notes that a block is about to be freed: an input that was in it is empty.
  void freed(long handle) {
    if (handle == input) {
      inputLength = 0;
    }
  }

  /// Drops all blocks and makes `content` the input.
  ///
  /// @throws ExtismException if there is no memory for it
  void begin(byte[] content) {
    reset();
    input = memory.put(content);
    inputLength = content.length;
  }

  /// Writes the output, which is nothing if its block was freed.
  void writeOutput(OutputSink sink) {
    if (memory.contains(output, outputLength)) {
      memory.write(output, (int) outputLength, sink);
    }
  }

  /// What the plug-in said went wrong, or null; bytes that are not UTF-8 are replaced, and what is
  /// longer than [#MAX_ERROR_BYTES] is cut.
  @Nullable String errorText() {
    int length = (int) Math.min(memory.length(error), MAX_ERROR_BYTES);
    return length == 0 ? null : new String(memory.copy(error, length), StandardCharsets.UTF_8);
  }
}
