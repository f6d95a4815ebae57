package dev.cloister.isolate.wasi.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentLinkedDeque;

/// The native memory of one system call: its structures, paths and bytes.
///
/// Frames are used again and never freed; there are as many as calls were ever going on at once,
/// which guest threads bound. A frame belongs to one thread between [#take()] and [#close()].
final class NativeFrame implements AutoCloseable {
  /// The most bytes of one transfer.
  static final int DATA_BYTES = 64 << 10;

  /// The most bytes of a path with its NUL.
  private static final int PATH_BYTES = 4352;

  private static final int ERRNO_AT = 0;
  private static final int STRUCT_AT = 64;
  private static final int STRUCT_BYTES = 256;
  private static final int PATH_AT = STRUCT_AT + STRUCT_BYTES;
  private static final int SECOND_PATH_AT = PATH_AT + PATH_BYTES;
  private static final int DATA_AT = SECOND_PATH_AT + PATH_BYTES;

  private static final ConcurrentLinkedDeque<NativeFrame> FREE = new ConcurrentLinkedDeque<>();

  private final MemorySegment errno;
  private final MemorySegment struct;
  private final MemorySegment path;
  private final MemorySegment secondPath;
  private final MemorySegment data;

  private NativeFrame() {
    MemorySegment all = Arena.global().allocate(DATA_AT + (long) DATA_BYTES, 64);
    errno = all.asSlice(ERRNO_AT, STRUCT_AT);
    struct = all.asSlice(STRUCT_AT, STRUCT_BYTES);
    path = all.asSlice(PATH_AT, PATH_BYTES);
    secondPath = all.asSlice(SECOND_PATH_AT, PATH_BYTES);
    data = all.asSlice(DATA_AT, DATA_BYTES);
  }

  /// A frame that nobody else uses.
  static NativeFrame take() {
    NativeFrame free = FREE.pollFirst();
    return free == null ? new NativeFrame() : free;
  }

  /// Gives the frame back.
  @Override
  public void close() {
    FREE.addFirst(this);
  }

  /// Where a call leaves its error.
  MemorySegment errno() {
    return errno;
  }

  /// The error of the call that failed last.
  int error() {
    return errno.get(ValueLayout.JAVA_INT, 0);
  }

  /// 256 bytes for whatever structure a call takes.
  MemorySegment struct() {
    return struct;
  }

  /// 64 KiB for whatever bytes a call moves.
  MemorySegment data() {
    return data;
  }

  /// `text` as the path of a call.
  MemorySegment path(String text) {
    return put(path, text);
  }

  /// `text` as the other path of a call.
  MemorySegment secondPath(String text) {
    return put(secondPath, text);
  }

  /// The paths of guests are bounded and have no NUL; anything else is a bug of ours.
  private static MemorySegment put(MemorySegment place, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length >= PATH_BYTES) {
      throw new IllegalStateException("a path of " + bytes.length + " bytes");
    }
    MemorySegment.copy(bytes, 0, place, ValueLayout.JAVA_BYTE, 0, bytes.length);
    place.set(ValueLayout.JAVA_BYTE, bytes.length, (byte) 0);
    return place;
  }
}
