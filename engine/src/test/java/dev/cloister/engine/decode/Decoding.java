package dev.cloister.engine.decode;

import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.WasmModule;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// What came of decoding some bytes: a module or a fault, in a form that can be compared.
record Decoding(@Nullable WasmModule module, @Nullable WasmException fault, long prefixHash) {

  /// Decodes `bytes` at once.
  static Decoding whole(byte[] bytes, WasmFeatures features, WasmLimits limits) {
    return stream(bytes, features, limits, _ -> Math.max(1, bytes.length));
  }

  /// Decodes `bytes` by [ModuleDecoder].
  static Decoding sync(byte[] bytes, WasmFeatures features, WasmLimits limits) {
    try {
      return new Decoding(ModuleDecoder.decode(bytes.clone(), features, limits), null, 0);
    } catch (WasmException e) {
      return new Decoding(null, e, 0);
    }
  }

  /// Decodes `bytes` in chunks of random sizes.
  static Decoding chunked(byte[] bytes, WasmFeatures features, WasmLimits limits, Random random) {
    int most = 1 + random.nextInt(1 + bytes.length / 2);
    return stream(bytes, features, limits, _ -> 1 + random.nextInt(most));
  }

  /// Decodes `bytes` in chunks of the sizes that `sizes` tells for each position.
  static Decoding stream(byte[] bytes, WasmFeatures features, WasmLimits limits, ChunkSizes sizes) {
    StreamingDecoder decoder = new StreamingDecoder(features, limits);
    try {
      for (int at = 0; at < bytes.length; ) {
        int size = Math.min(sizes.sizeAt(at), bytes.length - at);
        decoder.push(bytes, at, size);
        at += size;
      }
      return new Decoding(decoder.finish(), null, decoder.prefixHash());
    } catch (WasmException e) {
      return new Decoding(null, e, 0);
    }
  }

  /// The size of the chunk that starts at a position.
  @FunctionalInterface
  interface ChunkSizes {
    int sizeAt(int position);
  }

  /// Returns `valid`, or the kind, text and offset of the fault.
  String verdict() {
    return fault == null ? "valid" : fault.getClass().getSimpleName() + ": " + fault.getMessage();
  }
}
