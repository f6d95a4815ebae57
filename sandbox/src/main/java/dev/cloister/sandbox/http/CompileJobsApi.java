package dev.cloister.sandbox.http;

import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.stats.CompileJobInfo;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.AuditLog;
import dev.cloister.sandbox.storage.TenantName;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The modules that are being compiled, and an end to it. The operator sees all, a tenant its own.
final class CompileJobsApi {
  private final WasmEngine engine;
  private final AuditLog audit;

  CompileJobsApi(WasmEngine engine, AuditLog audit) {
    this.engine = engine;
    this.audit = audit;
  }

  /// A compilation as it is shown. The plugin is null for one that was stored before and is loaded.
  record View(
      String id,
      String tenant,
      @Nullable String plugin,
      @Nullable String digest,
      String mode,
      String state,
      long receivedBytes,
      int validatedFunctions,
      int functions,
      String startedAt,
      long workMillis) {

    static View of(CompileJobInfo job) {
      return new View(
          Long.toString(job.id()),
          job.isolate(),
          job.tag(),
          job.hash() == null ? null : "sha256:" + job.hash().hex(),
          job.mode().label(),
          job.state().label(),
          job.receivedBytes(),
          job.validatedFunctions(),
          job.functions(),
          Instant.ofEpochMilli(job.startedMillis()).toString(),
          job.workMillis());
    }
  }

  /// Returns whether `principal` may know of a job.
  static boolean isVisible(CompileJobInfo job, Principal principal) {
    return Authorization.sees(principal, job.isolate());
  }

  Answer list(ApiRequest request) {
    List<CompileJobInfo> jobs =
        engine.compileJobs().stream().filter(job -> isVisible(job, request.principal())).toList();
    return Answer.json(
        200, Page.byName(request, jobs, job -> String.format("%020d", job.id()), View::of));
  }

  Answer cancel(ApiRequest request) {
    String id = request.path("job");
    @Nullable CompileJobInfo job = find(id);
    if (job == null || !isVisible(job, request.principal()) || !engine.cancelCompileJob(job.id())) {
      throw Problem.notFound("compile job", id).asException();
    }
    audit.append(
        request.author(),
        "compilation.cancel",
        new TenantName(job.isolate()),
        job.tag() == null ? id : job.tag());
    return Answer.empty(204);
  }

  private @Nullable CompileJobInfo find(String id) {
    try {
      return engine.compileJob(Long.parseLong(id));
    } catch (NumberFormatException _) {
      return null;
    }
  }
}
