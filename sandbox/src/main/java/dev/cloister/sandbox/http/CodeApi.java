package dev.cloister.sandbox.http;

import dev.cloister.engine.CodeStatistics;
import dev.cloister.engine.FlushedCode;
import dev.cloister.engine.NativeModuleInfo;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.AuditLog;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The life of generated code: what there is, what is given up, and which functions are optimized.
final class CodeApi {
  private final WasmEngine engine;
  private final AuditLog audit;

  CodeApi(WasmEngine engine, AuditLog audit) {
    this.engine = engine;
    this.audit = audit;
  }

  /// The figures of the engine for the operator, those of its own modules for a tenant.
  Answer get(ApiRequest request) {
    Map<String, Object> figures =
        Authorization.seesAll(request.principal())
            ? figures(engine.codeStatistics())
            : ownFigures(request.principal());
    return Answer.json(200, figures);
  }

  /// Figures as they are shown, also among the statistics of the server.
  static Map<String, Object> figures(CodeStatistics code) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("committedBytes", code.committedBytes());
    figures.put("maxBytes", code.maxBytes());
    figures.put("definedBytes", code.definedBytes());
    figures.put("freedBytes", code.freedBytes());
    figures.put("unloadedBytes", code.unloadedBytes());
    figures.put("potentiallyDeadBytes", code.potentiallyDeadBytes());
    figures.put("collections", code.collections());
    figures.put("finishedCollections", code.finishedCollections());
    figures.put("outstandingIsolates", code.outstandingIsolates());
    figures.put("flushes", code.flushes());
    figures.put("flushedBytes", code.flushedBytes());
    figures.put("refusals", code.refusals());
    figures.put("codeCacheUse", code.codeCacheUse());
    figures.put(
        "tiers",
        Map.of(
            "samples", code.samples(),
            "guestSamples", code.guestSamples(),
            "samplerNanos", code.samplerNanos(),
            "generations", code.generations(),
            "needless", code.needlessGenerations(),
            "postponed", code.postponedGenerations()));
    return figures;
  }

  private Map<String, Object> ownFigures(Principal principal) {
    List<EngineRows.Row> rows = EngineRows.visible(engine.nativeModules(), principal).toList();
    long unpublished =
        rows.stream()
            .flatMap(row -> row.images().stream())
            .filter(image -> !image.published())
            .mapToLong(EngineRows.Image::codeBytes)
            .sum();
    return Map.of(
        "committedBytes",
        rows.stream().mapToLong(EngineRows.Row::codeBytes).sum(),
        "potentiallyDeadBytes",
        unpublished);
  }

  /// Begins a collection of code, which ends by itself.
  Answer collect(ApiRequest request) {
    engine.collectCode();
    audit.append(request.author(), "engine.code-gc", null);
    return Answer.json(202, figures(engine.codeStatistics()));
  }

  /// Gives up baseline code.
  Answer flushBaseline(ApiRequest request) {
    FlushedCode flushed = engine.flushBaseline();
    audit.append(request.author(), "engine.flush-baseline", null);
    return Answer.json(
        200, Map.of("codeBytes", flushed.codeBytes(), "metadataBytes", flushed.metadataBytes()));
  }

  /// Optimizes a function or all of a module.
  Answer tierUp(ApiRequest request) {
    return change(request, "engine.tier-up", engine::tierUp);
  }

  /// Takes optimized code from a function or all of a module.
  Answer tierDown(ApiRequest request) {
    return change(request, "engine.tier-down", engine::tierDown);
  }

  @FunctionalInterface
  private interface Change {
    List<NativeModuleInfo> apply(ModuleHash hash, @Nullable Integer function);
  }

  private Answer change(ApiRequest request, String action, Change change) {
    String digest = request.digest().hex();
    @Nullable Integer function =
        request.query("function") == null
            ? null
            : (Integer) request.queryNumber("function", 0, 0, Integer.MAX_VALUE);
    List<NativeModuleInfo> changed;
    try {
      changed = change.apply(new ModuleHash(digest), function);
    } catch (IndexOutOfBoundsException _) {
      throw Problem.invalid("function", function, "the index of an own function").asException();
    } catch (LimitExceededException e) {
      throw Problem.limit(ProblemType.LIMIT, e.limit(), e.used(), e.allowed()).asException();
    }
    if (changed.isEmpty()) {
      throw Problem.notFound("native module", "sha256:" + digest).asException();
    }
    audit.append(request.author(), action, "sha256:" + digest);
    return Answer.json(
        200, Objects.requireNonNull(EngineRows.of(changed.getFirst(), new Principal.Operator())));
  }
}
