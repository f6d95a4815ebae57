package dev.cloister.engine.codegen;

import dev.cloister.engine.runtime.CodeKind;

/// The check by which running code is stopped, at function entries and loop heads.
final class StopCheck {
  /// How many turns of a counted loop there are at most between two checks of code that polls:
  /// often enough to be stopped within a millisecond, and as seldom as C2 looks for safepoints.
  static final int STRIP_TRIPS = 1_000;

  private StopCheck() {}

  /// Writes the check, with the instance on the JVM stack: no instruction once it is compiled, or a
  /// look at the store's flag in kinds that poll.
  static void write(BytecodeWriter writer, CodeKind kind) {
    if (kind.polls()) {
      writer.invokestatic(Names.STOP_SITE, "poll", "(" + Names.BASE_INSTANCE_DESC + ")V");
    } else {
      writer.invokestatic(
          Names.MODULE, ModuleClassGenerator.CHECK, "(" + Names.INSTANCE_DESC + ")V");
    }
  }
}
