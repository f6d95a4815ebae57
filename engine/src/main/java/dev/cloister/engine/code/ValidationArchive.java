package dev.cloister.engine.code;

import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.ValidatedBodies;
import dev.cloister.engine.module.WasmModule;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// What validation has found about the bodies of a module, as a unit of its archive.
///
/// An archive is of one digest, one set of features and one version of the engine, and a unit is
/// certain to be what that engine has added, which it does for valid modules only. So bodies of the
/// same bytes need not be validated again, unless the limits have been lowered.
public final class ValidationArchive {
  private static final String UNIT = "validated";

  private ValidationArchive() {}

  /// {@return what is known of the module of an archive, or null if it has to be validated} May
  /// read a file.
  ///
  /// @param limits what it must keep
  public static @Nullable ValidatedBodies find(ClassFileArchive archive, WasmLimits limits) {
    byte[] unit = archive.find(UNIT);
    if (unit == null) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.wrap(unit);
    boolean isWithin = true;
    for (WasmLimit limit : WasmLimit.values()) {
      isWithin &= limits.allowed(limit) >= bytes.getLong();
    }
    return isWithin ? ValidatedBodies.of(bytes) : null;
  }

  /// Keeps what was found about a valid module.
  ///
  /// @param limits what it was held to
  public static void add(ClassFileArchive archive, WasmModule module, WasmLimits limits) {
    if (archive.isNone()) {
      return;
    }
    byte[] bodies = module.validatedBodies().toBytes();
    WasmLimit[] all = WasmLimit.values();
    ByteBuffer bytes = ByteBuffer.allocate(all.length * Long.BYTES + bodies.length);
    for (WasmLimit limit : all) {
      bytes.putLong(limits.allowed(limit));
    }
    archive.add(UNIT, bytes.put(bodies).array());
  }
}
