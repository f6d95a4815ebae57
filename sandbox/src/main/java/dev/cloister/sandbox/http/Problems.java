package dev.cloister.sandbox.http;

import dev.cloister.engine.error.CompilationCancelledException;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.ModuleException;
import dev.cloister.engine.error.WasmException;
import dev.cloister.isolate.abi.extism.ManifestException;
import dev.cloister.isolate.plugin.BundleException;
import dev.cloister.sandbox.http.field.TraceContext;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.CorruptBlobException;
import dev.cloister.sandbox.storage.InvalidNameException;
import dev.cloister.sandbox.storage.StorageCorruptException;
import dev.cloister.sandbox.storage.StorageFullException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns whatever ended a request into the problem it is answered with.
final class Problems {
  private static final Logger LOG = LoggerFactory.getLogger(Problems.class);

  private Problems() {}

  /// Returns the problem for `failure`. What is our fault is logged here and told to nobody.
  ///
  /// @param trace the trace of the request, by which its log line is found
  static Problem of(Throwable failure, TraceContext trace) {
    return switch (failure) {
      case ApiException api -> api.problem();
      case InvalidNameException name ->
          Problem.invalid("the name of a " + name.kind(), name.name(), name.allowed());
      case ManifestException manifest ->
          Problem.of(ProblemType.INVALID_MANIFEST, String.valueOf(manifest.getMessage()))
              .with("field", manifest.field());
      case BundleException bundle ->
          Problem.of(ProblemType.INVALID_ARCHIVE, String.valueOf(bundle.getMessage()))
              .with("what", bundle.entry());
      case WasmException wasm -> of(wasm);
      case CompilationCancelledException cancelled ->
          Problem.of(ProblemType.COMPILATION_CANCELLED, cancelled.reason().text())
              .with("job", Long.toString(cancelled.job()));
      case StorageFullException full -> {
        LOG.error("event=storage-full trace={}", trace.traceId(), full);
        yield Problem.of(ProblemType.STORAGE_FULL, "the server's storage is full");
      }
      // Logged when it was found.
      case CorruptBlobException damage ->
          Problem.of(
                  ProblemType.DAMAGED,
                  "the module of this version is damaged; uploading it again repairs it")
              .with("kind", "version")
              .with("name", damage.digest().toString());
      case StorageCorruptException damage -> {
        LOG.error("event=storage-damaged trace={} reason={}", trace.traceId(), damage.getMessage());
        yield Problem.of(
                ProblemType.DAMAGED,
                "what is stored of this is damaged; the server's log says where")
            .with("kind", "database");
      }
      default -> {
        LOG.error("event=request-failed trace={}", trace.traceId(), failure);
        yield ownFault();
      }
    };
  }

  /// Returns the problem of a fault of the server that was logged already.
  static Problem ownFault() {
    return Problem.of(ProblemType.INTERNAL, "the fault is the server's and was logged");
  }

  /// Returns the problem of a module that cannot be accepted.
  private static Problem of(WasmException failure) {
    return switch (failure) {
      case ModuleException module ->
          Problem.of(ProblemType.INVALID_MODULE, module.text()).with("offset", module.offset());
      case LimitExceededException limit ->
          Problem.limit(type(limit.limit()), limit.limit(), limit.used(), limit.allowed());
      default -> Problem.of(ProblemType.INVALID_MODULE, String.valueOf(failure.getMessage()));
    };
  }

  private static ProblemType type(String limit) {
    return switch (limit) {
      case "uploadBytes" -> ProblemType.REQUEST_TOO_LARGE;
      case "compileJobs" -> ProblemType.OVERLOADED;
      default -> ProblemType.LIMIT;
    };
  }
}
