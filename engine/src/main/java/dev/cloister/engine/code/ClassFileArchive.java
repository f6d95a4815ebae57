package dev.cloister.engine.code;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Where the class files of one module are kept beyond the life of the process, in units: a class
/// file, or what one chunk of functions became.
///
/// Called on compile threads, by several at once.
public interface ClassFileArchive {
  /// Keeps nothing.
  ClassFileArchive NONE =
      new ClassFileArchive() {
        @Override
        public byte @Nullable [] find(String unit) {
          return null;
        }

        @Override
        public void add(String unit, byte[] bytes) {}

        @Override
        public boolean isNone() {
          return true;
        }
      };

  /// {@return a unit, which is certain to be what was added under this name, or null if it is not
  /// there} May read a file.
  ///
  /// @param unit at most 100 characters of ASCII
  byte @Nullable [] find(String unit);

  /// Keeps a unit that was generated, if there is room. Does not wait for files.
  ///
  /// @param unit at most 100 characters of ASCII
  /// @param bytes not changed any more
  void add(String unit, byte[] bytes);

  /// Has a unit written with the next others, in place of one of the same name.
  ///
  /// @param bytes makes the unit at that time, on the thread that writes
  default void describe(String unit, Supplier<byte[]> bytes) {}

  /// {@return whether nothing is kept, so that units need not be made}
  default boolean isNone() {
    return false;
  }

  /// {@return whether there were units when it was opened}
  default boolean wasFilled() {
    return false;
  }
}
