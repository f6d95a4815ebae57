package dev.cloister.sandbox.problem;

import java.util.Locale;

/// Every kind of problem the server answers with (RFC 9457).
///
/// The names are part of the HTTP interface: they never change and never get another meaning.
/// `docs/api/problems.md` describes them.
public enum ProblemType {
  /// The body is not JSON.
  MALFORMED_JSON(400, "The body is not well-formed JSON"),
  /// A parameter, a field or a name is missing, unknown or out of range.
  INVALID_REQUEST(400, "The request has a value that is not allowed"),
  /// The arguments of a call do not fit the export's parameters.
  INVALID_ARGUMENTS(400, "The arguments do not fit the export"),
  /// The body is not the one whose digest was sent with it.
  DIGEST_MISMATCH(400, "The body does not have the digest that was announced"),
  /// No key, or one that the server does not know.
  UNAUTHORIZED(401, "A valid key is needed"),
  /// The key's role does not include this.
  FORBIDDEN(403, "The key's role does not allow this"),
  /// A change asked for with a cookie but without the console's header.
  CROSS_SITE(403, "A change by cookie needs the header Cloister-Console"),
  /// The tenant is suspended.
  SUSPENDED(403, "The tenant is suspended"),
  /// There is no such thing, or the key's holder may not know of it.
  NOT_FOUND(404, "There is no such thing"),
  /// The module has no such export.
  UNKNOWN_EXPORT(404, "The plugin has no such export"),
  /// The path exists, but not with this method.
  METHOD_NOT_ALLOWED(405, "The method is not allowed here"),
  /// None of the accepted types can be sent.
  NOT_ACCEPTABLE(406, "None of the accepted types is available"),
  /// The body took too long to arrive.
  REQUEST_TIMEOUT(408, "The body took too long to arrive"),
  /// The change contradicts the present state.
  CONFLICT(409, "The change contradicts the present state"),
  /// The compilation was cancelled before it had a result.
  COMPILATION_CANCELLED(409, "The compilation was cancelled"),
  /// The first request of an Idempotency-Key goes on, or nobody knows how it ended.
  IDEMPOTENCY_CONFLICT(409, "The first request of this Idempotency-Key has no known end"),
  /// A condition of the request does not hold.
  PRECONDITION_FAILED(412, "A condition of the request does not hold"),
  /// The body is larger than allowed.
  REQUEST_TOO_LARGE(413, "The body is larger than allowed"),
  /// The URL is longer than allowed.
  URI_TOO_LONG(414, "The URL is longer than allowed"),
  /// The body has a type that is not accepted here.
  UNSUPPORTED_MEDIA_TYPE(415, "The body has a type that is not accepted here"),
  /// The archive of a tenant is malformed.
  INVALID_ARCHIVE(422, "The archive is not valid"),
  /// The module is malformed or invalid.
  INVALID_MODULE(422, "The module is not valid"),
  /// A manifest is malformed, or asks for what there is not.
  INVALID_MANIFEST(422, "The manifest cannot be used"),
  /// The module imports what the server does not provide.
  UNRESOLVED_IMPORTS(422, "The module imports what the server does not provide"),
  /// The tenant's modules must be signed, and this one is not.
  SIGNATURE_REQUIRED(422, "The module must be signed"),
  /// The module is signed, but by nobody whom the tenant trusts, or not as it is.
  SIGNATURE_INVALID(422, "The module's signature is not valid"),
  /// The module needs capabilities that the tenant was not granted.
  CAPABILITY_DENIED(422, "The plugin needs capabilities that it is not granted"),
  /// An Idempotency-Key was used for another request before.
  IDEMPOTENCY_KEY_REUSED(422, "The Idempotency-Key belongs to another request"),
  /// The operator does not allow so much.
  POLICY_EXCEEDED(422, "The operator does not allow this policy"),
  /// A limit's name or value is not allowed.
  INVALID_LIMIT(422, "The limit cannot be set so"),
  /// A type that cannot cross this interface.
  UNSUPPORTED_TYPE(422, "The type cannot cross this interface"),
  /// The plugin's calling convention does not fit the call.
  UNSUPPORTED_ABI(422, "The plugin cannot be called this way"),
  /// The guest trapped.
  TRAP(422, "The plugin trapped"),
  /// The guest threw an exception that nobody caught.
  UNCAUGHT_EXCEPTION(422, "The plugin threw an exception that it did not catch"),
  /// The command ended with an exit code other than 0.
  PLUGIN_EXIT(422, "The plugin ended with an exit code other than 0"),
  /// A function of an Extism plug-in reported an error.
  PLUGIN_ERROR(422, "The plugin reported an error"),
  /// A limit of the tenant was reached.
  LIMIT(422, "A limit was reached"),
  /// A WebSocket was asked for with a plain request.
  UPGRADE_REQUIRED(426, "This speaks WebSocket"),
  /// Too many calls at once or too often.
  RATE_LIMITED(429, "Too many calls"),
  /// The headers are larger, or more, than allowed.
  HEADERS_TOO_LARGE(431, "The headers are larger than allowed"),
  /// What is stored was found damaged; only what it belongs to is affected.
  DAMAGED(500, "What is stored of this is damaged"),
  /// The server failed.
  INTERNAL(500, "The server failed"),
  /// Part of the interface that this version does not have.
  NOT_AVAILABLE(501, "This version does not have this yet"),
  /// The plugin's answer to an HTTP request is none.
  INVALID_ANSWER(502, "The plugin did not answer as an HTTP handler"),
  /// The queue of waiting calls is full.
  OVERLOADED(503, "Too many calls are waiting"),
  /// The plugin crashed again and again.
  CRASH_LOOP(503, "The plugin pauses because it crashed again and again"),
  /// The server is starting or stopping.
  UNAVAILABLE(503, "The server is starting or stopping"),
  /// The server stopped while something went on.
  INTERRUPTED(503, "The server stopped while this went on"),
  /// The call took longer than it may.
  DEADLINE(504, "The call took too long"),
  /// No space for what is to be stored.
  STORAGE_FULL(507, "There is no space for this");

  private static final String BASE = "https://cloister.dev/problems/";

  private final int status;
  private final String title;

  ProblemType(int status, String title) {
    this.status = status;
    this.title = title;
  }

  /// Returns the HTTP status.
  public int status() {
    return status;
  }

  /// Returns the summary, the same for every occurrence.
  public String title() {
    return title;
  }

  /// Returns the last part of the type's URI.
  public String slug() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Returns the URI that identifies the type.
  public String uri() {
    return BASE + slug();
  }
}
