package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.module.DataSegment;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.DefinedType;
import org.jspecify.annotations.Nullable;

/// Operations on arrays of any kind of storage (Spec 4.4.11).
///
/// Operands come first, in Wasm's order and unsigned, then what they work on. Ranges are checked as
/// a whole before anything is changed. Large ranges are worked on in slices, and the store's stop
/// flag is looked at in between.
@CalledByGeneratedCode
public final class ArrayOps {
  private ArrayOps() {}

  /// `array.copy`, possibly with overlap. Validation has seen that both store the same way.
  @CalledByGeneratedCode
  public static void copy(
      @Nullable Object to,
      int targetStart,
      @Nullable Object from,
      int sourceStart,
      int count,
      Instance instance) {
    WasmArray target = WasmArray.nonNull(to);
    WasmArray source = WasmArray.nonNull(from);
    target.checkRange(targetStart, count);
    source.checkRange(sourceStart, count);
    int stride = target.stride();
    copyElements(
        source.elements(),
        sourceStart * stride,
        target.elements(),
        targetStart * stride,
        count * stride,
        instance);
  }

  /// Copies from the end that overlap leaves intact.
  private static void copyElements(
      Object source, int sourceStart, Object target, int targetStart, int count, Instance caller) {
    if (count <= WasmArray.SLICE) {
      System.arraycopy(source, sourceStart, target, targetStart, count);
      return;
    }
    boolean ascending = targetStart <= sourceStart;
    for (int done = 0; done < count; ) {
      int slice = Math.min(WasmArray.SLICE, count - done);
      int at = ascending ? done : count - done - slice;
      System.arraycopy(source, sourceStart + at, target, targetStart + at, slice);
      done += slice;
      caller.store.throwIfStopped();
    }
  }

  /// `array.new_data`.
  @CalledByGeneratedCode
  public static Object newData(
      int from, int count, DefinedType type, Instance instance, int segment) {
    checkData(from, count, WasmArray.widthOf(type), instance, segment);
    WasmArray array = WasmArray.create(type, count, instance);
    load(array, 0, from, count, instance, segment);
    return array;
  }

  /// `array.init_data`.
  @CalledByGeneratedCode
  public static void initData(
      @Nullable Object to, int at, int from, int count, Instance instance, int segment) {
    WasmArray array = WasmArray.nonNull(to);
    array.checkRange(at, count);
    checkData(from, count, array.width(), instance, segment);
    load(array, at, from, count, instance, segment);
  }

  private static void checkData(int from, int count, int width, Instance instance, int segment) {
    long end = Integer.toUnsignedLong(from) + Integer.toUnsignedLong(count) * width;
    if (end > instance.dataLength(segment)) {
      throw new TrapException(TrapReason.MEMORY_OUT_OF_BOUNDS);
    }
  }

  private static void load(
      WasmArray array, int at, int from, int count, Instance instance, int segment) {
    DataSegment data = instance.module().data().get(segment);
    WireBytes bytes = instance.module().wireBytes();
    int start = data.dataOffset() + from;
    for (int done = 0; done < count; done += WasmArray.SLICE) {
      if (done > 0) {
        instance.store.throwIfStopped();
      }
      int slice = Math.min(WasmArray.SLICE, count - done);
      array.load(bytes, start + done * array.width(), at + done, slice);
    }
  }

  /// `array.new_elem`.
  @CalledByGeneratedCode
  public static Object newElements(
      int from, int count, DefinedType type, Instance instance, int segment) {
    @Nullable Object[] elements = instance.elementSegment(segment);
    checkElements(from, count, elements);
    WasmArray array = WasmArray.create(type, count, instance);
    copyElements(elements, from, array.elements(), 0, count, instance);
    return array;
  }

  /// `array.init_elem`.
  @CalledByGeneratedCode
  public static void initElements(
      @Nullable Object to, int at, int from, int count, Instance instance, int segment) {
    WasmArray array = WasmArray.nonNull(to);
    array.checkRange(at, count);
    @Nullable Object[] elements = instance.elementSegment(segment);
    checkElements(from, count, elements);
    copyElements(elements, from, array.elements(), at, count, instance);
  }

  private static void checkElements(int from, int count, @Nullable Object[] elements) {
    if (Integer.toUnsignedLong(from) + Integer.toUnsignedLong(count) > elements.length) {
      throw new TrapException(TrapReason.TABLE_OUT_OF_BOUNDS);
    }
  }
}
