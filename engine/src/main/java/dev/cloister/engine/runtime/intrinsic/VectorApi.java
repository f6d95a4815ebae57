package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;
import java.lang.invoke.MethodHandles;
import java.util.Optional;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.LongVector;

/// What the engine needs of the JDK's Vector API besides what generated code calls itself.
///
/// The API is an incubator module, which whoever starts the JVM has to add; without it vectors are
/// two longs everywhere, which is slower and else the same.
@CalledByGeneratedCode
public final class VectorApi {
  private static final String MODULE = "jdk.incubator.vector";
  private static final int BITS = 128;

  private VectorApi() {}

  /// {@return whether generated code may use the Vector API: the module is there, and the processor
  /// has vectors of 128 bits, without which each operation would be an object}
  public static boolean isAvailable() {
    return Availability.OF_VECTORS;
  }

  /// {@return whether vectors of 256 bits are as good}
  public static boolean isWide() {
    return Availability.OF_WIDE_VECTORS;
  }

  /// A class of its own, so that the question is asked when the first vector function is compiled.
  private static final class Availability {
    static final int MOST_BITS = mostBits();
    static final boolean OF_VECTORS = MOST_BITS >= BITS;
    static final boolean OF_WIDE_VECTORS = MOST_BITS >= 2 * BITS;

    private static int mostBits() {
      Optional<Module> found = ModuleLayer.boot().findModule(MODULE);
      if (found.isEmpty()) {
        return 0;
      }
      Module own = VectorApi.class.getModule();
      if (!own.canRead(found.get())) {
        own.addReads(found.get());
      }
      return ByteVector.SPECIES_PREFERRED.vectorBitSize();
    }
  }

  /// {@return a vector by its halves}
  @CalledByGeneratedCode
  @SuppressWarnings("exports") // For generated code.
  public static ByteVector of(long low, long high) {
    return LongVector.broadcast(LongVector.SPECIES_128, low).withLane(1, high).reinterpretAsBytes();
  }

  /// {@return a constant of generated code} Called by the JVM, once for each.
  ///
  /// @param name what dynamic constants have besides, without meaning
  @CalledByGeneratedCode
  @SuppressWarnings("exports") // For generated code.
  public static ByteVector constant(
      MethodHandles.Lookup lookup, String name, Class<?> type, long low, long high) {
    return of(low, high);
  }
}
