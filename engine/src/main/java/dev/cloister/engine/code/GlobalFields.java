package dev.cloister.engine.code;

import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.V128;
import java.lang.reflect.Field;
import org.jspecify.annotations.Nullable;

/// The globals that are fields of a generated instance class, for debuggers.
///
/// Nothing is generated for it: most modules are never debugged.
final class GlobalFields {
  private GlobalFields() {}

  /// {@return the value of a global, boxed}
  ///
  /// @param isVector whether it is a vector, which has a field for each half
  static @Nullable Object get(Instance instance, int index, boolean isVector) {
    try {
      if (isVector) {
        return V128.of(
            field(instance, "g" + index).getLong(instance),
            field(instance, "h" + index).getLong(instance));
      }
      return field(instance, "g" + index).get(instance);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read global " + index, e);
    }
  }

  /// Sets a global to a boxed value of its type.
  static void set(Instance instance, int index, @Nullable Object value) {
    try {
      if (value instanceof V128(long low, long high)) {
        field(instance, "g" + index).setLong(instance, low);
        field(instance, "h" + index).setLong(instance, high);
      } else {
        field(instance, "g" + index).set(instance, value);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot write global " + index, e);
    }
  }

  private static Field field(Instance instance, String name) throws NoSuchFieldException {
    return instance.getClass().getField(name);
  }
}
