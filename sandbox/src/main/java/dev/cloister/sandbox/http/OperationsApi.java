package dev.cloister.sandbox.http;

import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.AuditLog;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Operations: list, show, cancel.
final class OperationsApi {
  private final Operations operations;
  private final AuditLog audit;

  OperationsApi(Operations operations, AuditLog audit) {
    this.operations = operations;
    this.audit = audit;
  }

  Answer list(ApiRequest request) {
    List<Operation> visible =
        operations.all().stream()
            .filter(operation -> Operations.isVisible(operation, request.principal()))
            .toList();
    return Answer.json(
        200,
        Page.byName(
            request,
            visible,
            operation -> operation.createdAt() + " " + operation.id(),
            Operation::view));
  }

  Answer get(ApiRequest request) {
    return Answer.json(200, require(request).view());
  }

  /// Cancels what is running, forgets what has ended.
  Answer delete(ApiRequest request) {
    Operation operation = require(request);
    if (operations.end(operation)) {
      audit.append(request.author(), "operation.cancel", operation.tenant().name(), operation.id());
    }
    return Answer.empty(204);
  }

  private Operation require(ApiRequest request) {
    String id = request.path("operation");
    @Nullable Operation operation = operations.find(id);
    if (operation == null || !Operations.isVisible(operation, request.principal())) {
      throw Problem.notFound("operation", id).asException();
    }
    return operation;
  }
}
