package dev.cloister.sandbox.stats;

import dev.cloister.engine.stats.ModuleCompiled;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/// A compilation that ended, for flight recordings. Costs a check of a flag while nobody records.
@Name("cloister.Compilation")
@Label("Compilation")
@Category({"Cloister", "Server"})
@Description("A module that was compiled, or found compiled, for a tenant")
@StackTrace(false)
public final class CompilationEvent extends Event {
  @Label("Tenant")
  String tenant = "";

  @Label("Module")
  String module = "";

  @Label("Successful")
  boolean isSuccess;

  @Label("Known Before")
  boolean isCached;

  @Label("Code")
  @DataAmount
  long codeBytes;

  @Label("Time")
  @Timespan(Timespan.MICROSECONDS)
  long wallMicros;

  private CompilationEvent() {}

  /// Records a compilation, if anybody records.
  public static void commit(ModuleCompiled compiled) {
    CompilationEvent event = new CompilationEvent();
    if (event.isEnabled()) {
      event.tenant = compiled.isolate();
      event.module = compiled.hash() == null ? "" : String.valueOf(compiled.hash());
      event.isSuccess = compiled.isSuccess();
      event.isCached = compiled.isCached();
      event.codeBytes = compiled.codeBytes();
      event.wallMicros = compiled.wallMicros();
      event.commit();
    }
  }
}
