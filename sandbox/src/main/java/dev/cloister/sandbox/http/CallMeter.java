package dev.cloister.sandbox.http;

import dev.cloister.isolate.verticle.InvocationTimings;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.stats.CallCounters;
import dev.cloister.sandbox.stats.CallEvent;
import dev.cloister.sandbox.stats.CallOutcome;
import dev.cloister.sandbox.stats.LatencyHistogram;
import dev.cloister.sandbox.storage.PluginName;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;

/// Counts calls for the whole server, their tenant and their plugin. Any thread may call.
public final class CallMeter {
  private final Clock clock;
  private final CallCounters calls = new CallCounters();
  private final LatencyHistogram latency = new LatencyHistogram();
  private final LatencyHistogram queue = new LatencyHistogram();
  private final AtomicInteger inFlight = new AtomicInteger();

  /// Creates a meter at zero.
  public CallMeter(Clock clock) {
    this.clock = clock;
  }

  /// Notes the start of a call and returns its time for [#end].
  long start() {
    inFlight.incrementAndGet();
    return System.nanoTime();
  }

  /// Notes the end of a call.
  ///
  /// @param timings where its time went
  /// @param egressBytes the bytes of its answer
  void end(
      Tenant tenant,
      PluginName plugin,
      CallOutcome outcome,
      long startNanos,
      InvocationTimings timings,
      long egressBytes) {
    Instant now = clock.instant();
    if (outcome.isAdmitted()) {
      tenant.usage().addCall(now, outcome != CallOutcome.OK, timings.cpuNanos(), egressBytes);
    }
    inFlight.decrementAndGet();
    calls.count(outcome, now);
    tenant.calls().count(outcome, now);
    if (timings.fuel() > 0) {
      tenant.calls().addFuel(timings.fuel());
    }
    if (tenant.plugin(plugin) != null) {
      tenant.calls(plugin).count(outcome, now);
    }
    long wholeNanos = System.nanoTime() - startNanos;
    latency.record(wholeNanos);
    queue.record(timings.queueNanos());
    CallEvent.commit(
        tenant.name().text(),
        plugin.text(),
        outcome,
        wholeNanos,
        timings.queueNanos(),
        timings.cpuNanos());
  }

  /// Returns the counts of all tenants together.
  public CallCounters calls() {
    return calls;
  }

  /// Returns how long calls take, from their admission to their answer.
  public LatencyHistogram latency() {
    return latency;
  }

  /// Returns how long calls wait for a thread.
  public LatencyHistogram queue() {
    return queue;
  }

  /// Returns how many calls have begun and not ended.
  public int inFlight() {
    return inFlight.get();
  }
}
