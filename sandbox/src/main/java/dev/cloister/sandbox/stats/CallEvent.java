package dev.cloister.sandbox.stats;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/// A call that ended, for flight recordings. Costs a check of a flag while nobody records.
@Name("cloister.Call")
@Label("Call")
@Category({"Cloister", "Server"})
@Description("A call of a plugin, from its admission to its answer")
@StackTrace(false)
public final class CallEvent extends Event {
  @Label("Tenant")
  String tenant = "";

  @Label("Plugin")
  String plugin = "";

  @Label("Outcome")
  @Description("How it ended; limit and deadline are guests that were stopped")
  String outcome = "";

  @Label("Whole Time")
  @Timespan(Timespan.NANOSECONDS)
  long wholeNanos;

  @Label("Time in the Queue")
  @Timespan(Timespan.NANOSECONDS)
  long queueNanos;

  @Label("Processor Time")
  @Timespan(Timespan.NANOSECONDS)
  long cpuNanos;

  private CallEvent() {}

  /// Records a call, if anybody records.
  public static void commit(
      String tenant,
      String plugin,
      CallOutcome outcome,
      long wholeNanos,
      long queueNanos,
      long cpuNanos) {
    CallEvent event = new CallEvent();
    if (event.isEnabled()) {
      event.tenant = tenant;
      event.plugin = plugin;
      event.outcome = outcome.label();
      event.wholeNanos = wholeNanos;
      event.queueNanos = queueNanos;
      event.cpuNanos = cpuNanos;
      event.commit();
    }
  }
}
